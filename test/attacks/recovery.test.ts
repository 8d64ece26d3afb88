import assert from 'node:assert/strict'
import { NotMeLinks } from '../../src/features/notices/not-me.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, grace, PASSWORDS, SECRET, startHost, type Host, type HostOptions, type Person } from '../support/host.js'
import { Mailbox } from '../support/mails.js'
import { choose, forgot, linksTo, nextLink, open, resetLink } from '../features/reset-people.js'
import { signedIn } from '../features/step-up-people.js'

const NEW = 'Silver-Anchor-29-Field'
const THIEFS = 'Rusty-Crowbar-51-Alley'
/** More than a request after the answer takes. */
const SETTLED_MS = 900

describe('Somebody is after an account by the way back into it', function () {
  this.timeout(30_000)
  let box: Mailbox
  let host: Host

  const start = async (options: HostOptions = {}) => {
    box = new Mailbox()
    host = await startHost({ mail: box.send, clock: new StillClock(), ...options })
  }
  afterEach(() => host?.close())

  const notMeLink = ({ id, email }: Person) =>
    `${BASE}/not-me?token=${encodeURIComponent(new NotMeLinks([SECRET], host.clock).sign(id, host.clock.now(), email))}`
  const disown = async (browser: Browser, link: string): Promise<Page> =>
    browser.submit(await open(browser, link), '/not-me')

  describe('asking in the place of its owner', () => {
    for (const [how, typed] of [
      ['in capitals', 'ADA@acme.test'],
      ['in full-width letters', '\uff41da@acme.test'],
    ] as const)
      it(`an address ${how}, which finds nobody, does not use up the mail of who it looks like`, async () => {
        await start()
        await forgot(host, typed)
        await host.clock.sleep(SETTLED_MS)
        assert.equal(linksTo(box, ada).length, 0)
        await nextLink(host, box, ada, () => forgot(host, ada.email))
      })

    it('no other spelling gets a second mail, where the host finds them by any', async () => {
      const findByEmail = (email: string) => (email.toLowerCase() === ada.email ? ada : null)
      await start({ people: [ada], users: { findById: (id) => (id === ada.id ? ada : null), findByEmail } })
      await nextLink(host, box, ada, () => forgot(host, ada.email))
      const { length } = linksTo(box, ada)
      for (const typed of ['ADA@acme.test', 'Ada@Acme.test']) await forgot(host, typed)
      await host.clock.sleep(SETTLED_MS)
      assert.equal(linksTo(box, ada).length, length)
    })
  })

  describe('knowing the password, after "This wasn\'t me"', () => {
    it('does not come in again with it', async () => {
      await start()
      await signedIn(host, ada)
      await disown(host.browser(), notMeLink(ada))
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      assert.equal(await thief.isSignedIn(), false)
    })

    it('does not kill the link that its owner was sent', async () => {
      await start()
      await signedIn(host, ada)
      const link = await nextLink(host, box, ada, () => disown(host.browser(), notMeLink(ada)))
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      const page = await thief.visit(`${BASE}/`)
      if (page.status === 200)
        await thief.submit(page, '/password', {
          currentPassword: PASSWORDS.u1!,
          newPassword: THIEFS,
          confirmPassword: THIEFS,
        })
      assert.equal((await open(host.browser(), link)).status, 200)
    })

    it('or, if so, not without a word to its owner', async () => {
      await start()
      await signedIn(host, ada)
      await nextLink(host, box, ada, () => disown(host.browser(), notMeLink(ada)))
      const before = box.to(ada.email).length
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      if (!(await thief.isSignedIn())) return
      await until('a notice', () => box.to(ada.email).length > before, 4_000)
    })
  })

  describe('with a mail that was for its owner', () => {
    it('the link of a notice does nothing any more once its owner has chosen a new password', async () => {
      await start()
      const notice = notMeLink(ada)
      const owner = host.browser()
      const link = await nextLink(host, box, ada, () => disown(owner, notice))
      host.clock.advance(1)
      await choose(owner, await open(owner, link), NEW)
      assert.equal((await owner.signIn(ada, NEW)).status, 303)
      host.clock.advance(86_400_000)
      const reader = host.browser(FIREFOX)
      const page = await open(reader, notice)
      if (page.status === 200) await reader.submit(page, '/not-me')
      assert.equal(await owner.isSignedIn(), true)
    })
  })

  it('reading a mailbox that the account has left: a notice from before shows nothing and ends nothing', async () => {
    const people = [{ ...ada }, grace]
    await start({ people })
    const owner = await signedIn(host, ada)
    const notice = notMeLink(ada)
    people[0]!.email = 'ada@new.test'
    const reader = host.browser(FIREFOX)
    const page = await open(reader, notice)
    assert.deepEqual([page.status, page.$('main form').length], [410, 0])
    assert.doesNotMatch(page.response.text, /ada@new/)
    const { csrfToken } = (await reader.json(`${BASE}/forgot-password`)).json
    assert.equal((await reader.json(`${BASE}/not-me`, { csrfToken })).status, 410)
    assert.ok(await owner.isSignedIn())
  })

  it('knowing the password of an account that was disabled when its owner said "This wasn\'t me"', async () => {
    await start()
    await signedIn(host, ada)
    await host.security.users.disable(ada.id)
    await disown(host.browser(), notMeLink(ada))
    await host.security.users.enable(ada.id)
    assert.equal((await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)).status, 422)
    await nextLink(host, box, ada, () => forgot(host, ada.email))
  })

  it('coming in first after a reset is told, though no browser is known then', async () => {
    await start()
    const owner = await signedIn(host, ada)
    await choose(owner, await open(owner, await resetLink(host, box, ada)), NEW)
    const told = () => box.to(ada.email).filter(({ subject }) => subject.startsWith('New sign-in')).length
    const before = told()
    await host.browser(FIREFOX).signIn(ada, NEW)
    await until('a notice', () => told() > before)
  })

  it('guessing the current password from a stolen session is seen in the activity of its owner', async () => {
    await start()
    const thief = await signedIn(host, ada)
    const form = { currentPassword: THIEFS, newPassword: NEW, confirmPassword: NEW }
    assert.equal((await thief.submit(await thief.visit(`${BASE}/`), '/password', form)).status, 422)
    assert.match((await thief.visit(`${BASE}/activity`)).text, /could not confirm to be you/)
  })

  it('a session alone, stolen, does not keep its owner from choosing a new password', async () => {
    await start()
    const thief = await signedIn(host, ada)
    const page = await thief.visit(`${BASE}/sessions`)
    const owner = host.browser()
    const link = await nextLink(host, box, ada, () => disown(owner, notMeLink(ada)))
    await thief.submit(page, '/sessions/revoke-others').catch(() => null)
    assert.equal(await thief.isSignedIn(), false)
    assert.equal((await choose(owner, await open(owner, link), NEW)).status, 303)
  })

  describe('with a link of their own', () => {
    it('planted while a form is open: the form changes the account that it names, or none', async () => {
      await start()
      const victim = host.browser()
      const form = await open(victim, await resetLink(host, box, ada))
      await victim.visit(await resetLink(host, box, grace)) // another page has led the browser there
      const done = await choose(victim, form, NEW)
      assert.notEqual(done.status, 303)
      assert.equal((await host.browser().signIn(grace, PASSWORDS.u2!)).status, 303)
    })

    it('planted while "This wasn\'t me" is open: the button is for the account that its page names, or none', async () => {
      await start()
      const [victim, elsewhere] = [host.browser(), await signedIn(host, grace)]
      const form = await open(victim, notMeLink(ada))
      await victim.visit(notMeLink(grace))
      await victim.submit(form, '/not-me')
      assert.equal(await elsewhere.isSignedIn(), true)
    })
  })

  describe('by racing', () => {
    it('of one link in many browsers, "This wasn\'t me" and a newer request at the same moment, one thing stands', async () => {
      await start()
      const link = await resetLink(host, box, ada)
      const forms = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const browser = host.browser()
          return { browser, page: await open(browser, link) }
        }),
      )
      const owner = host.browser()
      const button = await open(owner, notMeLink(ada))
      host.clock.advance(300_001)
      const [answers] = await Promise.all([
        Promise.all(forms.map(({ browser, page }, i) => choose(browser, page, `${NEW}-${i}`))),
        owner.submit(button, '/not-me'),
        forgot(host, ada.email),
      ])
      const right = answers.filter(({ status }) => status === 303).length
      assert.ok(right <= 1, `${right} of one link`)
      for (const { status } of answers) assert.ok([303, 410].includes(status), String(status))
      assert.equal((await open(host.browser(), link)).status, 410)
    })
  })
})
