import assert from 'node:assert/strict'
import { FormError, SecurityError } from 'sallyport'
import { passwordRules, type PasswordPreset } from '../../src/features/passwords/rules.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { refuseAuditRows } from '../support/sql.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host } from '../support/host.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'

const ADAS = PASSWORDS.u1!
const NEW = 'Violet-Kettle-77-Moor'

/** Fills in the form on the Security page; the confirmation is what the new one is, unless told otherwise. */
async function change(browser: Browser, from: string, to: string, fields: Record<string, string> = {}): Promise<Page> {
  const form = { currentPassword: from, newPassword: to, confirmPassword: to, ...fields }
  return browser.submit(await browser.visit(`${BASE}/`), '/password', form)
}

describe('Changing the password', () => {
  let host: Host
  before(async () => {
    host = await startHost({
      productName: 'Ledgerly',
      passwords: { contextWords: ['Heron'] },
      routes: (app, security) => {
        app.post('/sign-in-as-tove', (req, res, next) => {
          security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
        })
      },
    })
  })
  after(() => host.close())
  beforeEach(async () => {
    host.clock.advance(16 * 60_000) // the wrong passwords of the test before are forgotten
    await host.security.passwords.set(ada.id, ADAS) // ends her sessions too
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  async function signedIn(agent?: string, password = ADAS): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(ada, password)).status, 303)
    return browser
  }

  it('a weak one is refused, and each rule that fails stands under its field', async () => {
    const browser = await signedIn()
    const refused: [string, string[]][] = [
      ['kvqzx', [/12 characters not met/, /uppercase/, /number/, /symbol/].map(String)],
      ['violet-kettle-77-moor', [String(/uppercase/)]],
      ['VIOLET-KETTLE-77-MOOR', [String(/lowercase/)]],
      ['Violet-Kettle-Moor-Sea', [String(/number/)]],
      ['Violet7Kettle9Moor', [String(/symbol/)]],
      ['Password123!', [String(/common/)]],
      ['P@ssw0rd-2026!', [String(/common/)]],
      ['My-Lindqvist-77!', [String(/your name/)]],
      ['Acme-Forever-77!', [String(/e.mail/)]],
      ['I-love-LEDGERLY-7', [String(/product/)]],
      ['Heron-Standing-7!', [String(/product/)]],
      [ADAS, [String(/differs from the current/)]],
      [`Aa1-${'x'.repeat(253)}`, [String(/at most 256/)]],
    ]
    for (const [password, rules] of refused) {
      const page = await change(browser, ADAS, password)
      assert.equal(page.status, 422, password)
      const said = page.errorsUnder('newPassword').filter((text) => !text.endsWith(' of the rules.'))
      assert.equal(said.length, rules.length, `${password}: ${said.join(' | ')}`)
      rules.forEach((rule, i) => assert.match(said[i]!, new RegExp(rule.slice(1, -1)), password))
      assert.deepEqual([...page.errorsUnder('currentPassword'), ...page.errorsUnder('confirmPassword')], [])
      assert.ok(!page.response.text.includes(password), `${password} comes back in the page`)
    }
    assert.ok(await browser.isSignedIn())
    assert.equal((await host.browser().signIn(ada, ADAS)).status, 303)
  })

  it('256 characters are enough, and none too many; they count as people count them', async () => {
    const browser = await signedIn()
    const longest = `Aa1-${'x'.repeat(252)}`
    assert.equal((await change(browser, ADAS, longest)).status, 303)
    const emoji = `Aa1-${'🦭'.repeat(252)}`
    assert.equal((await change(browser, longest, emoji)).status, 303)
    assert.equal((await host.browser().signIn(ada, emoji)).status, 303)
  })

  it('a wrong current password, two that differ and an empty field are told apart', async () => {
    const browser = await signedIn()
    const wrong = await change(browser, 'Wrong-Horse-7-Battery', NEW)
    assert.equal(wrong.status, 422)
    assert.match(wrong.errorsUnder('currentPassword').join(), /not your current password/)
    assert.deepEqual(wrong.errorsUnder('newPassword'), [])

    const differ = await change(browser, ADAS, NEW, { confirmPassword: 'Violet-Kettle-77-Moon' })
    assert.equal(differ.status, 422)
    assert.match(differ.errorsUnder('confirmPassword').join(), /two new passwords differ/)
    assert.deepEqual(differ.errorsUnder('currentPassword'), [])

    const all = await change(browser, 'Wrong-Horse-7-Battery', 'short', { confirmPassword: 'other' })
    for (const field of ['currentPassword', 'newPassword', 'confirmPassword'])
      assert.notDeepEqual(all.errorsUnder(field), [], field)

    const empty = await change(browser, '', '')
    assert.equal(empty.status, 422)
    assert.deepEqual(empty.errorsUnder('newPassword'), ['Fill in this field.'])
    assert.ok(await browser.isSignedIn())
  })

  it('a script gets the failing rules in JSON', async () => {
    const script = await signedIn()
    const { csrfToken } = (await script.json(`${BASE}/`)).json
    const body = { currentPassword: ADAS, newPassword: 'kvqzx', confirmPassword: 'kvqzx', csrfToken }
    const page = await script.json(`${BASE}/password`, body)
    assert.deepEqual([page.status, page.json.code], [422, 'password_rules'])
    assert.match(page.response.type, /problem\+json/)
    assert.deepEqual(page.json.rules, ['min_length', 'uppercase', 'number', 'symbol'])
    const wrong = await script.json(`${BASE}/password`, { ...body, currentPassword: 'no' })
    assert.deepEqual([wrong.status, wrong.json.code], [422, 'invalid_credentials'])

    await signedIn(FIREFOX)
    const good = { ...body, newPassword: NEW, confirmPassword: NEW }
    const done = await script.json(`${BASE}/password`, good)
    assert.deepEqual([done.status, done.json.sessionsRevoked], [200, 1])
  })

  it('the rules stand on the page before anybody has failed them', async () => {
    const text = (await (await signedIn()).visit(`${BASE}/`)).text
    for (const rule of [
      /12 characters/,
      /uppercase/,
      /lowercase/,
      /number/,
      /symbol/,
      /common passwords?/,
      /your name/,
    ])
      assert.match(text, rule)
  })

  it('done: this session goes on under a new id, the others end and say why', async () => {
    const [here, laptop, phone] = [await signedIn(), await signedIn(FIREFOX), await signedIn()]
    await here.json('/cart', { of: 'Ada' })
    const before = host.browser()
    before.setCookie(`sallyport=${here.cookie()}; Path=/`)
    const publicId = (await here.sessions()).find((each) => each.current)!.id
    assert.ok(await before.isSignedIn())

    const done = await change(here, ADAS, NEW)
    assert.deepEqual([done.status, done.location], [303, `${BASE}/`])
    const page = await here.follow(done)
    assert.match(page.text, /Your password was changed.* 2 other devices were signed out/)
    assert.doesNotMatch((await here.visit(`${BASE}/`)).text, /2 other devices/, 'said once')

    assert.ok(await here.isSignedIn())
    assert.deepEqual(
      (await here.sessions()).map((each) => each.id),
      [publicId],
    )
    assert.deepEqual((await here.json('/cart')).json, { of: 'Ada' }, 'its data goes along')
    assert.equal((await before.json('/invoices')).status, 401, 'the old id is dead')
    for (const other of [laptop, phone]) {
      const problem = await other.json('/invoices')
      assert.deepEqual([problem.status, problem.json.code], [401, 'session_revoked'])
      const refused = await other.visit('/invoices')
      assert.match((await other.follow(refused)).text, /Your password was changed/)
    }
    assert.equal((await host.browser().signIn(ada, ADAS)).status, 422)
    assert.equal((await host.browser().signIn(ada, NEW)).status, 303)
  })

  it('counts in words: no other device, one other device', async () => {
    const browser = await signedIn()
    assert.match((await browser.follow(await change(browser, ADAS, NEW))).text, /No other device was signed in/)
    await signedIn(FIREFOX, NEW)
    assert.match((await browser.follow(await change(browser, NEW, ADAS))).text, /one other device was signed out/)
  })

  it('who has none here reads "Managed by your identity provider", and cannot set one', async () => {
    const browser = host.browser()
    await browser.json('/sign-in-as-tove', {})
    const page = await browser.visit(`${BASE}/`)
    assert.match(page.text, /Managed by your identity provider/)
    assert.equal(page.$('form[action$="/password"]').length, 0)
    const { csrfToken } = page.fieldsOf('/sign-out')
    const typed = { currentPassword: '', newPassword: NEW, confirmPassword: NEW, csrfToken: csrfToken! }
    const problem = await browser.json(`${BASE}/password`, typed)
    assert.deepEqual([problem.status, problem.json.code], [403, 'password_managed_by_idp'])
    assert.equal((await browser.post(`${BASE}/password`, typed)).status, 403)
    assert.equal(await host.security.passwords.exists(tove.id), false)
    for (const password of ['', 'null', 'undefined', NEW]) {
      const visitor = host.browser()
      assert.equal((await visitor.signIn(tove, password)).status, 422)
      assert.equal(await visitor.isSignedIn(), false)
    }
  })

  it('of several changes at once with the same current password exactly one wins', async () => {
    const [here, there] = [await signedIn(), await signedIn(FIREFOX)]
    const tries = ['Amber-Window-31-Flute', 'Cedar-Bridge-82-Drum', 'Indigo-Ladder-64-Sand', 'Ochre-Garden-19-Bell']
    const pages = await Promise.all([here, there].map((browser) => browser.visit(`${BASE}/`)))
    const answers = await Promise.all(
      tries.map((password, i) => {
        const typed = { currentPassword: ADAS, newPassword: password, confirmPassword: password }
        return [here, there][i % 2]!.submit(pages[i % 2]!, '/password', typed, { Accept: 'application/json' })
      }),
    )
    const statuses = answers.map((answer) => answer.status)
    assert.deepEqual(statuses.map(String).toSorted(), ['200', '422', '422', '422'])
    const signsIn = await Promise.all(
      tries.map(async (password) => (await host.browser().signIn(ada, password)).status === 303),
    )
    assert.deepEqual(
      signsIn,
      statuses.map((status) => status === 200),
    )
    assert.equal((await host.browser().signIn(ada, ADAS)).status, 422)
    const alive = [await here.isSignedIn(), await there.isSignedIn()]
    assert.ok(!alive[0] || !alive[1], 'who lost is signed out')
  })
})

describe('A password change that cannot be written down', () => {
  it('has not happened: password, sessions and audit row are one transaction', async () => {
    const host = await startHost()
    const db = await openDatabase(host.database)
    const hash = async () =>
      await db.selectFrom('security_users').selectAll().where('user_id', '=', ada.id).executeTakeFirstOrThrow()
    const events = async () =>
      (await db.selectFrom('security_audit_events').select('action').execute()).map((each) => each.action)
    try {
      const [here, laptop] = [host.browser(), host.browser(FIREFOX)]
      for (const browser of [here, laptop]) await browser.signIn(ada, ADAS)
      const [before, eventsBefore, cookie] = [await hash(), await events(), here.cookie()]
      const allow = await refuseAuditRows(db, 'auth.password_changed')

      const refused = await change(here, ADAS, NEW)
      assert.ok(refused.status >= 500, `${refused.status}`)
      assert.doesNotMatch(refused.response.text, /disk full|SQLITE/)
      assert.match(String(host.errors.splice(0)[0]), /disk full/)
      await assert.rejects(host.security.passwords.set(ada.id, NEW), /disk full/)

      assert.deepEqual(await hash(), before)
      assert.deepEqual(await events(), eventsBefore)
      assert.equal(here.cookie(), cookie)
      for (const browser of [here, laptop]) assert.ok(await browser.isSignedIn())
      assert.equal((await host.browser().signIn(ada, NEW)).status, 422)

      await allow()
      assert.equal((await change(here, ADAS, NEW)).status, 303)
      assert.equal(await laptop.isSignedIn(), false)
      const added = (await events()).slice(eventsBefore.length)
      assert.deepEqual(added.toSorted().slice(0, 2), ['auth.password_changed', 'auth.session_revoked'])
    } finally {
      await db.destroy()
      await host.close()
    }
  })
})

describe("passwords.set, for the host's own code", () => {
  let host: Host
  before(async () => void (host = await startHost()))
  after(() => host.close())

  it('keeps the rules, and says which one fails', async () => {
    await assert.rejects(host.security.passwords.set(grace.id, 'kvqzx'), (error) => {
      assert.ok(error instanceof FormError)
      assert.equal(error.code, 'password_rules')
      assert.deepEqual(error.fields, { newPassword: ['min_length', 'uppercase', 'number', 'symbol'] })
      return true
    })
    await assert.rejects(host.security.passwords.set(grace.id, 'Grace-is-Okafor-7'), /password_rules/)
    await assert.rejects(host.security.passwords.set('nobody', NEW), (error) => {
      return error instanceof SecurityError && error.code === 'not_found'
    })
    assert.equal((await host.browser().signIn(grace, PASSWORDS.u2!)).status, 303)
  })

  it('ends all sessions of the user, with the reason', async () => {
    const browser = host.browser()
    await browser.signIn(grace, PASSWORDS.u2!)
    await host.security.passwords.set(grace.id, NEW)
    assert.equal((await browser.json('/invoices')).json.code, 'session_revoked')
    assert.match((await browser.follow(await browser.visit('/invoices'))).text, /Your password was changed/)
  })
})

describe('The presets of password rules', () => {
  const failing: [PasswordPreset, string, string[]][] = [
    ['classic12', 'Violet-77-Moor', []],
    ['classic12', 'Violet-7-Mo', ['min_length']],
    ['alnum12', 'violetkettle77', []],
    ['alnum12', 'violetkettlemoor', ['number']],
    ['alnum12', '918273645018', ['letter']],
    ['mixed8', 'Vio-77mo', []],
    ['mixed8', 'vio-77m', ['min_length', 'uppercase']],
    ['nist', 'violet kettle moor', []],
    ['nist', 'violet kettle', ['min_length']],
    ['nist', 'PasswordPassword', ['common']],
    ['classic12', '1Qaz2wsx3edc4rfv!', ['common']],
    ['classic12', '!!Passw0rd2026!!', ['common']],
  ]
  for (const [preset, password, rules] of failing)
    it(`${preset}: "${password}" ${rules.length ? `fails ${rules.join(', ')}` : 'is good'}`, async () =>
      assert.deepEqual((await passwordRules(preset)).failing(password, ['Ada Lindqvist']), rules))
})
