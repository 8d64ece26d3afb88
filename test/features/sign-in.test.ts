import assert from 'node:assert/strict'
import type { NextFunction, Request, Response } from 'express'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type Person } from '../support/host.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'

const DAY_MS = 86_400_000

/** The host's own table says that she may not come in; she does have a password. */
const dora: Person = { id: 'u8', email: 'dora@acme.test', name: 'Dora Vance', disabled: true }
/** Disabled by `security.users.disable`; the host's own table does not know it. */
const ivan: Person = { id: 'u9', email: 'ivan@acme.test', name: 'Ivan Petrov' }
const DORAS = 'Amber-Window-31-Flute'

/** The Set-Cookie line of the session, its parts in the order in which they stand. */
function sessionCookieOf(page: Page): string[] {
  const lines = (page.response.headers['set-cookie'] ?? []) as unknown as string[]
  const mine = lines.filter((line) => line.startsWith('sallyport='))
  assert.equal(mine.length, 1, `one session cookie in ${lines.join(' | ')}`)
  return mine[0]!.split('; ')
}

describe('Signing in', () => {
  let host: Host
  before(async () => {
    host = await startHost({
      people: [ada, grace, tove, dora, ivan],
      routes: (app, security) => {
        app.post('/sso', (req, res, next) => {
          const who = [dora, ivan].find((each) => each.id === req.query.who) ?? tove
          const remember = req.query.remember === 'yes'
          const done = () => res.json({ user: req.security.user, session: req.security.session })
          security.signIn(req, who, { amr: ['fed'], remember }).then(done, next)
        })
      },
    })
    await host.security.passwords.set(dora.id, DORAS)
    await host.security.passwords.set(ivan.id, DORAS)
    await host.security.users.disable(ivan.id)
  })
  after(() => host.close())

  it('a member signs in and lands on the page that was asked for', async () => {
    const browser = host.browser()
    const refused = await browser.visit('/invoices')
    assert.equal(refused.location, `${BASE}/sign-in?returnTo=%2Finvoices`)
    const page = await browser.follow(refused)
    const done = await browser.submit(page, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
    assert.equal(done.status, 303)
    assert.equal(done.location, '/invoices')
    const invoices = await browser.visit('/invoices')
    assert.deepEqual(invoices.json, { user: { id: 'u1', email: ada.email, name: ada.name } })
  })

  it('the form asks for e-mail and password as password managers know them', async () => {
    const { $ } = await host.browser().visit(`${BASE}/sign-in`)
    const fields = [$('[name=email]'), $('[name=password]'), $('[name=remember]')] as const
    assert.deepEqual(
      fields.map((field) => [field.attr('type'), field.attr('autocomplete')]),
      [
        ['email', 'username webauthn'],
        ['password', 'current-password'],
        ['checkbox', undefined],
      ],
    )
    for (const field of fields) assert.equal($(`label[for="${field.attr('id')}"]`).length, 1)
  })

  it('a wrong password is refused; the e-mail stays in the form, the password does not', async () => {
    const browser = host.browser()
    const page = await browser.signIn(ada, 'Wrong-Horse-7-Battery', { remember: 'on' })
    assert.equal(page.status, 422)
    assert.match(page.text, /E-mail or password is wrong/)
    assert.equal(page.$('[name=email]').attr('value'), ada.email)
    assert.equal(page.$('[name=remember]').attr('checked'), 'checked')
    assert.equal(page.$('[name=password]').attr('value') ?? '', '')
    assert.ok(!page.response.text.includes('Wrong-Horse'))
    assert.equal(browser.cookie(), undefined)
    assert.equal(await browser.isSignedIn(), false)
  })

  it('an empty field is named, and nothing is looked up', async () => {
    const page = await host.browser().signIn({ email: '  ' }, '')
    assert.equal(page.status, 422)
    assert.deepEqual(page.errorsUnder('email'), ['Fill in this field.'])
    assert.deepEqual(page.errorsUnder('password'), ['Fill in this field.'])
  })

  it('unknown, disabled and password-less accounts look the same as a wrong password', async () => {
    const tries: [string, string][] = [
      [ada.email, 'Wrong-Horse-7-Battery'],
      ['nobody@acme.test', 'Wrong-Horse-7-Battery'],
      [dora.email, DORAS],
      [ivan.email, DORAS],
      [tove.email, DORAS],
    ]
    const seen = new Map<string, string[]>()
    for (const [email, password] of tries)
      for (const accept of ['text/html', 'application/json']) {
        const browser = host.browser()
        const form = await browser.visit(`${BASE}/sign-in`)
        const page = await browser.submit(form, '/sign-in', { email, password }, { Accept: accept })
        const headers = Object.keys(page.response.headers).toSorted().join()
        const answer = `${page.status} ${headers} ${page.bytes.replaceAll(email, 'their e-mail')}`
        seen.set(answer, [...(seen.get(answer) ?? []), `${email} ${accept}`])
        assert.equal(await browser.isSignedIn(), false, email)
      }
    const counts = [...seen.values()].map((each) => each.length)
    assert.deepEqual(counts, [5, 5], JSON.stringify([...seen]))
  })

  it('the cookie is HttpOnly, Lax, for this host alone, and lives a week, or a month when kept signed in', async () => {
    const lifetimes: [Record<string, string>, number][] = [
      [{}, 7],
      [{ remember: 'on' }, 30],
    ]
    for (const [fields, days] of lifetimes) {
      const parts = sessionCookieOf(await host.browser().signIn(ada, PASSWORDS.u1!, fields))
      const expires = parts.find((part) => part.startsWith('Expires='))
      const left = Date.parse(expires!.slice('Expires='.length)) - Date.now()
      assert.ok(Math.abs(left - days * DAY_MS) < 60_000, `${expires} for ${days} days`)
      assert.deepEqual(
        parts
          .slice(1)
          .filter((part) => part !== expires)
          .toSorted(),
        ['HttpOnly', 'Path=/', 'SameSite=Lax'],
      )
    }
  })

  it('a new id comes with the sign-in: whoever planted the old one gains nothing', async () => {
    const attacker = host.browser()
    await attacker.json('/cart', { planted: true })
    const planted = attacker.cookie()
    assert.ok(planted)
    const victim = host.browser()
    victim.setCookie(`sallyport=${planted}; Path=/`)
    assert.equal((await victim.signIn(ada, PASSWORDS.u1!)).status, 303)
    assert.ok(await victim.isSignedIn())
    assert.notEqual(victim.cookie(), planted)
    assert.equal(await attacker.isSignedIn(), false)

    const other = host.browser()
    other.setCookie('sallyport=s%3Aplanted-session-id.AAAA; Path=/')
    await other.signIn(ada, PASSWORDS.u1!)
    assert.ok(await other.isSignedIn())
    assert.doesNotMatch(other.cookie()!, /planted/)
  })

  it('returnTo only ever leads to a path of this site', async () => {
    const attacks: [string, string][] = [
      ['https://evil.example', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['\\\\evil.example', '/'],
      ['/\t/evil.example', '/'],
      ['///evil.example', '/'],
      ['https:evil.example', '/'],
      ['javascript:alert(1)', '/'],
      ['@evil.example', '/'],
      ['invoices', '/'],
      ['/a/../..//evil.example', '/'],
      ['/invoices\r\nX-Injected: yes', '/'],
      ['/' + 'x'.repeat(3000), '/'],
      ['/%09/evil.example', '/%09/evil.example'],
      ['/%2f%2fevil.example', '/%2f%2fevil.example'],
      ['/invoices?year=2026#last', '/invoices?year=2026#last'],
    ]
    for (const [returnTo, expected] of attacks) {
      const browser = host.browser()
      const asked = await browser.visit(`${BASE}/sign-in?${new URLSearchParams({ returnTo }).toString()}`)
      assert.equal(asked.fieldsOf('/sign-in').returnTo ?? '/', expected, `the form of ${returnTo}`)
      const page = await browser.signIn(ada, PASSWORDS.u1!, { returnTo })
      assert.deepEqual([page.status, page.location], [303, expected], returnTo)
      assert.equal(page.response.headers['x-injected'], undefined)
      const again = await browser.visit(`${BASE}/sign-in?${new URLSearchParams({ returnTo }).toString()}`)
      assert.deepEqual([again.status, again.location], [303, expected], `${returnTo}, signed in already`)
    }
  })

  it('signing in again in the same browser ends the session before, and leaves its data behind', async () => {
    const browser = host.browser()
    const tab = await browser.visit(`${BASE}/sign-in`)
    await browser.signIn(ada, PASSWORDS.u1!)
    await browser.json('/cart', { of: 'Ada' })
    assert.deepEqual((await browser.json('/cart')).json, { of: 'Ada' })
    const copy = host.browser()
    copy.setCookie(`sallyport=${browser.cookie()}; Path=/`)
    assert.ok(await copy.isSignedIn())

    const page = await browser.submit(tab, '/sign-in', { email: grace.email, password: PASSWORDS.u2! })
    assert.equal(page.status, 303)
    assert.deepEqual((await browser.json('/invoices')).json.user, { id: 'u2', email: grace.email, name: grace.name })
    assert.equal((await browser.json('/cart')).json, null)
    assert.equal(await copy.isSignedIn(), false)
  })

  it('the cart of the visitor before is not the cart of the user', async () => {
    const browser = host.browser()
    await browser.json('/cart', { of: 'a visitor' })
    await host.browser().json('/cart', { of: 'another one' })
    assert.deepEqual((await browser.json('/cart')).json, { of: 'a visitor' })
    await browser.signIn(ada, PASSWORDS.u1!)
    assert.equal((await browser.json('/cart')).json, null)
  })

  it('the host signs a user in whose identity it has proven, through the same door', async () => {
    const signsIn = async (query: string): Promise<[Browser, Page]> => {
      const browser = host.browser(FIREFOX)
      return [browser, await browser.json(`/sso?${query}`, {})]
    }
    const [browser, page] = await signsIn('')
    assert.equal(page.status, 200)
    const { user, session } = page.json as { user: object; session: { id: string; amr: { method: string }[] } }
    assert.deepEqual(user, { id: 'u4', email: tove.email, name: tove.name })
    assert.deepEqual(
      session.amr.map((each) => each.method),
      ['fed'],
    )
    const [listed] = await browser.sessions()
    assert.deepEqual([listed?.id, listed?.current, listed?.device.label], [session.id, true, 'Firefox on Linux'])
    const [, kept] = await signsIn('remember=yes')
    assert.match(
      sessionCookieOf(kept).join(),
      new RegExp(new Date(Date.now() + 30 * DAY_MS).toUTCString().slice(0, 16)),
    )

    for (const who of [dora.id, ivan.id]) {
      const [stranger, refused] = await signsIn(`who=${who}`)
      assert.deepEqual([refused.status, refused.json.code], [422, 'invalid_credentials'], who)
      assert.equal(await stranger.isSignedIn(), false)
    }
  })

  it("a user without an id is the host's mistake, and nobody is signed in by it", async () => {
    const { id: _, ...nameless } = tove
    const host = await startHost({
      routes: (app, security) => {
        app.post('/sso', (req, res, next) => {
          security.signIn(req, nameless as Person, { amr: ['fed'] }).then(() => res.json({}), next)
        })
        app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
          res.status(500).json({ message: String(error) })
        })
      },
    })
    try {
      const browser = host.browser()
      const page = await browser.json('/sso', {})
      assert.equal(await browser.isSignedIn(), false)
      assert.match(String(page.json.message), /ConfigurationError: .*\bid\b/)
    } finally {
      await host.close()
    }
  })

  it('a script signs in with JSON and the token of the view-model', async () => {
    const script = host.browser()
    const { json } = await script.json(`${BASE}/sign-in`)
    const { csrfToken, ...model } = json
    const page = { passkeys: true, canReset: false, notice: null, errors: {} }
    assert.deepEqual(model, { ...page, email: '', remember: false, returnTo: null })
    const typed = { email: ada.email, password: PASSWORDS.u1! }
    const wrong = await script.json(`${BASE}/sign-in`, { ...typed, password: 'no', csrfToken })
    assert.deepEqual([wrong.status, wrong.json.code], [422, 'invalid_credentials'])
    assert.match(wrong.response.type, /^application\/problem\+json/)
    const right = await script.json(`${BASE}/sign-in`, { ...typed, csrfToken })
    assert.equal(right.status, 200)
    assert.deepEqual(right.json.user, { id: 'u1', email: ada.email, name: ada.name })
    assert.ok(await script.isSignedIn())
  })
})
