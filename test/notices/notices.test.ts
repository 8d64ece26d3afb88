import assert from 'node:assert/strict'
import { load } from 'cheerio'
import type { Mail } from 'sallyport'
import { NotMeLinks, wasSentTo } from '../../src/features/notices/not-me.js'
import { signedIn } from '../features/step-up-people.js'
import { enrol } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, grace, PASSWORDS, SECRET, startHost, tove, type Host, type HostOptions } from '../support/host.js'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const NEW = 'Quartz-Ribbon-64-Lake'

describe('Notices', () => {
  let host: Host
  let mails: Mail[]

  const start = async (options: HostOptions = {}) => {
    mails = []
    host = await startHost({ productName: 'Ledgerly', mail: (mail) => void mails.push(mail), ...options })
  }
  afterEach(() => host.close())

  /** Waits for a mail, takes it, and sees that it is the only one. */
  async function arrives(subject: RegExp): Promise<Mail> {
    await until(`a mail ${subject}`, () => mails.length > 0)
    const [mail, ...more] = mails.splice(0)
    assert.match(mail!.subject, subject)
    assert.deepEqual(
      more.map((each) => each.subject),
      [],
    )
    return mail!
  }

  /** Another mail, of something that always sends one, is the first that comes: there was none before it. */
  async function nothingArrived(): Promise<void> {
    await host.security.passwords.set(grace.id, `${NEW}-${(again += 1)}`)
    const mail = await arrives(/password was changed/)
    assert.equal(mail.to, grace.email)
  }
  let again = 0

  async function changesPassword(browser: Browser, from: string, to: string): Promise<void> {
    const form = { currentPassword: from, newPassword: to, confirmPassword: to }
    const done = await browser.submit(await browser.visit(`${BASE}/`), '/password', form)
    assert.equal(done.status, 303)
  }

  it('an account that has just got its first password is no news', async () => {
    await start()
    assert.deepEqual(mails, [])
    await nothingArrived()
  })

  it('to somebody who signs in with an organization, a first password is', async () => {
    await start({
      routes: (app, security) =>
        void app.post('/sign-in-as-tove', (req, res, next) => {
          security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
        }),
    })
    await host.browser().post('/sign-in-as-tove', {})
    await host.security.passwords.set(tove.id, NEW)
    assert.equal((await arrives(/password was changed/)).to, tove.email)
  })

  it('a changed password: what, when, on which device, from where, and two ways to act', async () => {
    await start()
    await changesPassword(await signedIn(host, ada), PASSWORDS.u1!, NEW)
    const mail = await arrives(/^Your Ledgerly password was changed$/)
    assert.deepEqual([mail.to, mail.from], [ada.email, '"Ledgerly" <security@localhost>'])
    assert.match(mail.messageId, /^<[\w-]{16}@localhost>$/)
    assert.equal(mail.headers['Auto-Submitted'], 'auto-generated')
    const $ = load(mail.html)
    for (const text of [mail.text, $.text()]) {
      assert.match(text, /Hello Ada Lindqvist/)
      assert.match(text, /Chrome on Linux/)
      assert.match(text, /127\.0\.0\.1/)
      assert.match(text, new RegExp(`\\d+ \\p{L}+ ${new Date().getFullYear()} at \\d\\d:\\d\\d UTC`, 'u'))
      assert.ok(!text.includes(NEW) && !text.includes(PASSWORDS.u1!))
    }
    const notMe = $('a:contains("This wasn\'t me")').attr('href')!
    assert.ok(mail.text.includes(notMe))
    assert.ok(notMe.startsWith(`${host.url}/security/not-me?token=`))
    const links = new NotMeLinks([SECRET], host.clock)
    const token = new URL(notMe).searchParams.get('token')!
    assert.equal(links.verify(token)?.userId, ada.id)
    assert.ok(mail.text.includes(`${host.url}/security/secure-account`))
  })

  it('"This wasn\'t me" is good for seven days, and not when a letter of it was changed', async () => {
    await start()
    const links = new NotMeLinks([SECRET], host.clock)
    const at = host.clock.now()
    const token = links.sign('u1', at, ada.email)
    assert.equal(links.sign('u1', at, ada.email), token, 'the same mail has the same link when it is sent again')
    const disowned = links.verify(token)!
    assert.deepEqual([disowned.userId, disowned.occurredAt], ['u1', at])
    assert.deepEqual([wasSentTo(disowned, ada.email), wasSentTo(disowned, grace.email)], [true, false])
    assert.equal(links.verify(links.sign('u1', at + 3_600_000, ada.email)), null, 'that is still to come')
    const foreign = new NotMeLinks(['another secret, also long enough to be one'], host.clock).sign('u1', at, ada.email)
    for (const other of [`A${token.slice(1)}`, `${token}A`, token.slice(0, -1), `${token}.`, '', 'x', '.', foreign])
      assert.equal(links.verify(other), null, other)
    assert.deepEqual(
      new NotMeLinks(['a newer secret, long enough to be one!', SECRET], host.clock).verify(token)?.userId,
      'u1',
    )
    host.clock.advance(7 * 86_400_000 - 60_000)
    assert.ok(links.verify(token))
    host.clock.advance(120_000)
    assert.equal(links.verify(token), null)
  })

  it('a password that the host sets is told too, and no device is named', async () => {
    await start()
    await host.security.passwords.set(ada.id, NEW)
    const mail = await arrives(/password was changed/)
    assert.doesNotMatch(mail.text, /Device|IP address|Place/)
    assert.match(mail.text, /When:/)
  })

  it('another address: the old one is told, without a way to end anything in an account that it left', async () => {
    await start()
    const { users } = host.security
    const events: unknown[] = []
    host.security.on('auth.email_changed', (event) => events.push(event))
    await users.emailChanged(ada.id, 'ada@new.test', { previousEmail: 'ada@old.test' })
    const mail = await arrives(/^Your e-mail address was changed at Ledgerly$/)
    assert.equal(mail.to, 'ada@old.test')
    for (const part of [mail.text, mail.html]) {
      assert.ok(part.includes(`${host.url}/security/secure-account`))
      assert.doesNotMatch(part, /not-me|ada@new/)
    }
    await users.emailChanged(ada.id, 'ada@new.test')
    await users.emailChanged(ada.id, 'ada@new.test', { previousEmail: 'ada@new.test' })
    await users.emailChanged(ada.id, 'ada@new.test', { previousEmail: 'a@old.test, ada@new.test' })
    await nothingArrived()
    assert.equal(events.length, 4)
    assert.doesNotMatch(JSON.stringify(events), /old\.test|new\.test/)
  })

  it('two-factor on, a recovery code used, few of them left, new ones, and off', async () => {
    await start()
    const browser = await signedIn(host, ada)
    const app = await enrol(browser, host.clock)
    await arrives(/^Two-factor was enabled at Ledgerly$/)
    const left = async (i: number) => {
      await host.security.sessions.revokeAll(ada.id)
      await browser.signIn(ada, PASSWORDS.u1!)
      const page = await browser.visit(`${BASE}/two-factor?using=recovery_code`)
      assert.equal((await browser.submit(page, '/two-factor', { recoveryCode: app.recoveryCodes[i]! })).status, 303)
      return arrives(/^A recovery code was used at Ledgerly$/)
    }
    const seven = await left(0)
    assert.match(seven.text, /You have 7 recovery codes left\./)
    assert.doesNotMatch(seven.text, /Regenerate/)
    for (const code of app.recoveryCodes) assert.ok(!seven.text.includes(code) && !seven.html.includes(code))
    for (const i of [1, 2, 3]) await left(i)
    const three = await left(4)
    assert.match(three.text, /You have 3 recovery codes left\.\s+Regenerate them/)
    assert.doesNotMatch(three.text, /need not do anything/)
    const fresh = await browser.submit(await browser.visit(`${BASE}/`), '/recovery-codes/regenerate')
    const codes = fresh.$('[data-recovery-code]').toArray()
    const made = await arrives(/^New recovery codes at Ledgerly$/)
    for (const code of codes) assert.ok(!made.html.includes(fresh.$(code).text()))
    const off = { code: app.next(), recoveryCode: '' }
    assert.equal((await browser.submit(await browser.visit(`${BASE}/`), '/totp/disable', off)).status, 303)
    assert.match((await arrives(/^Two-factor was disabled at Ledgerly$/)).text, /your password alone opens it/)
  })

  it('an admin who reset a lost factor: told to whose it was, with no device of theirs', async () => {
    await start()
    await enrol(await signedIn(host, ada), host.clock)
    await arrives(/^Two-factor was enabled/)
    await host.security.members.resetTwoFactor(ada.id, { reason: 'phone at the bottom of the lake' })
    const mail = await arrives(/^Your two-factor was reset at Ledgerly$/)
    assert.equal(mail.to, ada.email)
    assert.match(mail.text, /no longer work, and every device was signed out/)
    assert.doesNotMatch(mail.text, /lake|IP address/)
  })

  it('what the host turned off is not sent, the rest is', async () => {
    await start({ notices: { password_changed: false, email_changed: false } })
    const browser = await signedIn(host, ada)
    await host.security.users.emailChanged(ada.id, 'ada@new.test', { previousEmail: 'ada@old.test' })
    await changesPassword(browser, PASSWORDS.u1!, NEW)
    await enrol(browser, host.clock)
    await arrives(/Two-factor was enabled/)
  })

  it('a host without mail writes nothing down', async () => {
    await start({ mail: undefined })
    await host.security.passwords.set(ada.id, NEW)
    await host.security.passwords.set(ada.id, `${NEW}-2`)
    assert.deepEqual(mails, [])
    assert.deepEqual(host.errors, [])
  })

  it('a sign-in in a new browser is told, once; the first one of all, and one in a known browser, are not', async () => {
    await start()
    const usual = await signedIn(host, ada)
    const strange = host.browser(FIREFOX)
    await strange.signIn(ada, PASSWORDS.u1!)
    const mail = await arrives(/^New sign-in at Ledgerly$/)
    assert.match(mail.text, /Firefox on Linux/)
    for (const browser of [usual, strange]) {
      await host.security.sessions.revokeAll(ada.id)
      assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    }
    await nothingArrived()
  })

  it('a sign-in after five failures is suspicious; after four it is not, and the next one is not again', async () => {
    await start({ throttle: { perAccount: 20 } })
    const browser = await signedIn(host, ada)
    const fails = async (times: number) => {
      await host.security.sessions.revokeAll(ada.id)
      for (let i = 0; i < times; i += 1) assert.equal((await browser.signIn(ada, 'a guess')).status, 422)
    }
    const succeeds = async () => {
      await host.security.sessions.revokeAll(ada.id)
      assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
      host.clock.advance(1)
    }
    await fails(4)
    await succeeds()
    await fails(5)
    host.clock.advance(15 * 60_000 + 1_000)
    await succeeds()
    await nothingArrived()
    await fails(5)
    await succeeds()
    assert.match((await arrives(/^Suspicious sign-in at Ledgerly$/)).text, /after 5 wrong passwords or codes/)
    await succeeds()
    await nothingArrived()
  })

  it('a wait that failures have led to is not one more failure', async () => {
    await start()
    const browser = await signedIn(host, ada)
    await host.security.sessions.revokeAll(ada.id)
    for (let i = 0; i < 5; i += 1) await browser.signIn(ada, 'a guess')
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 429)
    host.clock.advance(2_000)
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    assert.match((await arrives(/^Suspicious sign-in/)).text, /after 5 wrong/)
  })

  it('speaks the language that the host says, else the one that the browser asked for', async () => {
    await start()
    const browser = await signedIn(host, ada)
    const page = await browser.visit(`${BASE}/`)
    const form = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    const fields = { ...page.fieldsOf('/password'), ...form }
    await browser.post(`${BASE}/password`, fields, { 'Accept-Language': 'fr, de-AT;q=0.8, en;q=0.2' })
    const mail = await arrives(/^Ihr Passwort für Ledgerly wurde geändert$/)
    assert.match(mail.html, /<html lang="de">/)
    assert.match(mail.text, /Das war ich nicht/)
    await host.close()
    const languages: Record<string, string> = { u1: 'de' }
    await start({
      users: {
        findById: (id) => [ada, grace].find((person) => person.id === id),
        findByEmail: (email) => [ada, grace].find((person) => person.email === email),
        language: ({ id }) => languages[id] ?? assert.fail('not known here'),
      },
    })
    await host.security.passwords.set(ada.id, NEW)
    await arrives(/^Ihr Passwort/)
    await host.security.passwords.set(grace.id, NEW)
    await arrives(/^Your Ledgerly password/)
    assert.match(String(host.errors), /not known here/)
  })

  it('a browser, a name and a passkey that mean harm are text, and no link', async () => {
    const mallory = {
      id: 'u1',
      email: ada.email,
      name: 'Ada\r\nBcc: eve@evil.test\r\n\r\n<script>x</script> http://evil.test',
    }
    await start({ people: [mallory, grace] })
    await signedIn(host, mallory)
    const strange = host.browser('evil.test/1 <img src=x onerror=alert(1)>')
    await strange.signIn(mallory, PASSWORDS.u1!)
    const mail = await arrives(/^New sign-in/)
    assert.doesNotMatch(mail.subject + mail.from + mail.to, /[\r\n]/)
    assert.doesNotMatch(mail.html, /<img|<script/)
    assert.doesNotMatch(mail.text, /^Bcc/m)
    for (const text of [mail.text, load(mail.html).text()]) assert.doesNotMatch(text, /evil\.test|http:\/\/evil/)
    const own = [...mail.text.matchAll(/https?:\/\/\S+/g)].map(([url]) => new URL(url).origin)
    assert.deepEqual([...new Set(own)], [host.url])
  })

  it("a template of the host's takes the place of ours", async () => {
    const { ownTemplates } = await import('../support/own-templates.js')
    const own = await ownTemplates({ 'mails/text.eta': 'OURS <%~ it.model.kind %> <%~ it.model.notYou.notMe.url %>' })
    await start({ pages: { templates: own.path } })
    await host.security.passwords.set(ada.id, NEW)
    const mail = await arrives(/password was changed/)
    assert.match(mail.text, /^OURS password_changed http/)
    assert.match(mail.html, /<!doctype html>/)
    await own.remove()
  })
})
