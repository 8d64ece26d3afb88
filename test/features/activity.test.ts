import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { kindOf } from '../../src/features/audit-log/kinds.js'
import { sentenceOf } from '../../src/features/activity/sentences.js'
import { de } from '../../views/messages/de.js'
import { en } from '../../views/messages/en.js'
import type { EventView } from '../../views/models.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { mmdb } from '../support/mmdb.js'
import { tempFolder } from '../support/services.js'

const DAY_MS = 86_400_000
const LISBON = '203.0.113.7'
const named = (name: string, german = name) => ({ names: { en: name, de: german } })

const ACTIONS = [...readFileSync('src/core/events.ts', 'utf8').matchAll(/^ {2}'(auth\.\w+)':/gm)].map(
  ([, action]) => action!,
)

const sentences = (page: Page) =>
  page
    .$('.sp-event-name bdi')
    .map((_, each) => page.$(each).text())
    .get()
const eventsOf = async (browser: Browser, query = '') => {
  const { json } = await browser.json(`${BASE}/activity${query}`)
  return { events: json.events as EventView[], next: json.nextCursor as string | null }
}

describe('Activity', () => {
  let host: Host
  let db: Database
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => {
    folder = await tempFolder()
    const locations = join(folder.path, 'places.mmdb')
    const place = { city: named('Lisbon', 'Lissabon'), country: named('Portugal') }
    await writeFile(locations, mmdb({ '203.0.113.0/24': place }))
    host = await startHost({ locations, before: (app) => app.set('trust proxy', 1) })
    db = await openDatabase(host.database)
  })
  after(async () => {
    await db.destroy()
    await host.close()
    await folder.remove()
  })
  beforeEach(async () => {
    await host.security.sessions.revokeAll(ada.id)
    await db.deleteFrom('security_audit_events').execute()
  })

  async function signedIn(agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }
  async function fromLisbon(agent = FIREFOX): Promise<Browser> {
    const browser = host.browser(agent)
    const from = { 'X-Forwarded-For': LISBON }
    const form = await browser.visit(`${BASE}/sign-in`)
    await browser.submit(form, '/sign-in', { email: ada.email, password: PASSWORDS.u1! }, from)
    return browser
  }
  /** Lets so many things have happened to Ada, one a minute, the last one just now. */
  async function past(count: number, of: { user?: string; action?: string } = {}): Promise<void> {
    const now = host.clock.now()
    const rows = Array.from({ length: count }, (_, i) => ({
      id: `event-${String(i).padStart(3, '0')}-${of.user ?? ada.id}`,
      action: of.action ?? 'auth.step_up_passed',
      actor_type: 'user',
      actor_id: of.user ?? ada.id,
      user_id: of.user ?? ada.id,
      outcome: 'success' as const,
      occurred_at: now - (count - i) * 60_000,
      ip: `10.0.0.${i}`,
      user_agent: null,
      details: '{}',
    }))
    await db.insertInto('security_audit_events').values(rows).execute()
  }

  it('is for whoever is signed in, and a place in the navigation', async () => {
    const nobody = await host.browser().visit(`${BASE}/activity`)
    assert.match(nobody.location, /\/sign-in\?returnTo=/)
    const page = await (await signedIn()).visit(`${BASE}/`)
    const entry = page.$('.sp-nav a').filter((_, link) => page.$(link).text() === 'Activity')
    assert.equal(entry.attr('href'), `${BASE}/activity`)
  })

  it('says in plain words what happened: on what device, from where', async () => {
    const browser = await fromLisbon()
    const page = await browser.visit(`${BASE}/activity`)
    assert.deepEqual(sentences(page), ['You signed in with Firefox on Linux, from Lisbon, Portugal'])
    assert.match(page.$('.sp-event-facts').text(), /just now.*203\.0\.113\.7/)
    const german = await browser.visit(`${BASE}/activity`, { 'Accept-Language': 'de' })
    assert.deepEqual(sentences(german), ['Anmeldung mit Firefox auf Linux aus Lissabon, Portugal'])
  })

  it('marks a sign-in from a device that nobody can name, and says from where', async () => {
    const page = await (await fromLisbon('x')).visit(`${BASE}/activity`)
    assert.deepEqual(sentences(page), ['Sign-in from an unknown device in Lisbon, Portugal'])
    assert.equal(page.$('.sp-strange').length, 1)
  })

  it('says exactly when: without script in UTC', async () => {
    const page = await (await signedIn()).visit(`${BASE}/activity`)
    const time = page.$('.sp-event-when time')
    assert.match(time.text(), /^\d+ \w+ \d{4} at \d\d:\d\d UTC$/)
    assert.equal(time.attr('datetime'), page.$('.sp-event-facts time').attr('datetime'))
  })

  it('leads whoever does not recognize something to the steps that help', async () => {
    const page = await (await signedIn()).visit(`${BASE}/activity`)
    assert.match(page.text, /Don't recognize something here\?/)
    assert.equal(page.$('main a[href$="/secure-account"]').text(), 'Secure my account')
  })

  it('tells what somebody else did, and who: the app, a rule, an admin, a stranger', async () => {
    const browser = await signedIn()
    await host.browser().signIn(ada, 'Wrong-Horse-7-Battery')
    await until('the failure is written', async () => (await eventsOf(browser)).events.length === 2)
    const at = host.clock.now() + 1
    const row = { user_id: ada.id, outcome: 'success' as const, occurred_at: at, ip: null, user_agent: null }
    await db
      .insertInto('security_audit_events')
      .values([
        { ...row, id: 'c', action: 'auth.password_changed', actor_type: 'host', actor_id: null, details: '{}' },
        {
          ...row,
          id: 'b',
          action: 'auth.session_revoked',
          actor_type: 'system',
          actor_id: null,
          details: '{"sessionId":"x","reason":"limit"}',
        },
        { ...row, id: 'a', action: 'auth.2fa_disabled', actor_type: 'user', actor_id: grace.id, details: '{}' },
      ])
      .execute()
    const page = await browser.visit(`${BASE}/activity`)
    assert.deepEqual(sentences(page), [
      'Your password was changed',
      'A device was signed out, because you were signed in on too many',
      'Two-factor was disabled',
      'Somebody tried to sign in with a wrong password',
      'You signed in with Chrome on Linux',
    ])
    const facts = page.$('.sp-event-facts').map((_, each) => page.$(each).text())
    assert.match(facts[0]!, /By the localhost team/)
    assert.match(facts[1]!, /Automatically/)
    assert.match(facts[2]!, /By an admin/)
    assert.equal(page.$('.sp-failed').length, 1)
    assert.ok(!page.response.text.includes(`"${grace.id}"`))
    const { events } = await eventsOf(browser)
    assert.deepEqual(events[2]!.actor, { type: 'user', id: null }, 'who the admin is stays the organization’s')
  })

  it("shows nobody else's: not with their filter, not with their cursor", async () => {
    await past(30, { user: grace.id })
    const browser = await signedIn()
    const theirs = encodeURIComponent(`${host.clock.now()}.zzz`)
    for (const query of ['', '?kind=sign-ins', `?cursor=${theirs}`, `?newer=${theirs}`, '?userId=u2&user_id=u2'])
      for (const event of (await eventsOf(browser, query)).events) assert.equal(event.action, 'auth.sign_in_succeeded')
  })

  it('answers a script with the fields of the docs, and no words of a language', async () => {
    const browser = await signedIn(FIREFOX)
    const [event] = (await eventsOf(browser)).events
    const { id, occurredAt, target, ...rest } = event!
    assert.ok(id.length > 10 && occurredAt.endsWith('Z'))
    assert.equal(target.type, 'session')
    assert.deepEqual(rest, {
      action: 'auth.sign_in_succeeded',
      kind: 'sign-ins',
      text: 'activity.signed_in',
      values: {},
      actor: { type: 'user', id: ada.id },
      outcome: 'success',
      ip: '127.0.0.1',
      device: { kind: 'desktop', label: 'Firefox on Linux', browser: 'Firefox', system: 'Linux' },
      location: null,
    })
  })

  it('filters by kind and by time, with a form that needs no script', async () => {
    const browser = await signedIn()
    await past(3, { action: 'auth.password_changed' })
    const page = await browser.visit(`${BASE}/activity`)
    const form = page.$('form[method=get]')
    assert.equal(form.attr('action'), `${BASE}/activity`)
    assert.deepEqual(
      form
        .find('[name]')
        .map((_, each) => each.attribs.name)
        .get(),
      ['kind', 'within'],
    )
    assert.equal((await eventsOf(browser, '?kind=password&within=all')).events.length, 3)
    assert.equal((await eventsOf(browser, '?kind=sign-ins&within=24h')).events.length, 1)
    assert.equal((await eventsOf(browser, '?kind=nonsense&within=1y')).events.length, 4)
    host.clock.advance(2 * DAY_MS)
    assert.equal((await eventsOf(browser, '?kind=password&within=24h')).events.length, 0)
    assert.equal((await eventsOf(browser, '?kind=password&within=7d')).events.length, 3)
    const empty = await browser.visit(`${BASE}/activity?kind=factors&within=30d`)
    assert.match(empty.text, /Nothing of this kind has happened in this time/)
    assert.equal(empty.$('#sp-kind option[selected]').attr('value'), 'factors')
    assert.equal(empty.$('#sp-within option[selected]').attr('value'), '30d')
  })

  it('shows 25 a page; what happens meanwhile moves nothing, and nothing is shown twice or left out', async () => {
    const browser = await signedIn()
    await past(60)
    // several at the same moment: their ids order them
    await db
      .updateTable('security_audit_events')
      .set({ occurred_at: host.clock.now() - 500 })
      .where('id', '<', 'event-045')
      .execute()
    const seen: string[] = []
    let page = await browser.visit(`${BASE}/activity?kind=sign-ins&within=all`)
    for (let pages = 1; ; pages += 1) {
      seen.push(
        ...page
          .$('.sp-event-facts')
          .map((_, each) => /10\.0\.0\.\d+/.exec(page.$(each).text())?.[0] ?? '')
          .get(),
      )
      const older = page.$('a[rel=next]').attr('href')
      if (!older) break
      assert.ok(pages < 4 && page.$('.sp-event').length === 25 && older.includes('kind=sign-ins'))
      await host.browser().signIn(ada, PASSWORDS.u1!) // somebody signs in while the list is read
      page = await browser.visit(older)
    }
    assert.equal(page.$('a[rel=first]').text().trim(), 'Newest')
    const ours = seen.filter((ip) => ip !== '')
    assert.deepEqual([ours.length, new Set(ours).size], [60, 60])
  })

  it('leads back up page by page, and ends with a first page that is full', async () => {
    const browser = await signedIn()
    await past(60)
    const told = (page: Page) =>
      page
        .$('.sp-event-facts')
        .text()
        .match(/10\.0\.0\.\d+/g)
    const follow = (page: Page, rel: string) => browser.visit(page.$(`a[rel=${rel}]`).attr('href')!)
    const first = await browser.visit(`${BASE}/activity`)
    const second = await follow(first, 'next')
    const third = await follow(second, 'next')
    const back = await follow(third, 'prev')
    assert.deepEqual(told(back), told(second))
    const top = await follow(back, 'prev')
    assert.deepEqual([top.$('.sp-event').length, told(top)], [25, told(first)])
    assert.equal(top.$('a[rel=prev], a[rel=first]').length, 0)
  })

  it('takes a cursor that is none for the first page', async () => {
    const browser = await signedIn()
    for (const junk of ['x', '1', '.', "1.'", '1e9.a', `${'9'.repeat(30)}.a`, '%00', '-1.a', `1.${'a'.repeat(900)}`])
      assert.equal((await eventsOf(browser, `?cursor=${junk}`)).events.length, 1, junk)
    assert.equal((await eventsOf(browser, '?cursor=1.a&cursor=2.b')).events.length, 1)
    assert.equal((await eventsOf(browser, '?cursor[a]=1.a')).events.length, 1)
    assert.deepEqual((await eventsOf(browser, '?cursor=1.a')).events, [])
    assert.match((await browser.visit(`${BASE}/activity?cursor=1.a`)).text, /nothing older/)
  })

  it('keeps what a browser calls itself, and the name of a passkey, a text', async () => {
    const browser = await signedIn()
    const name = '<img src=x onerror=alert(1)>'
    const [row] = await db.selectFrom('security_audit_events').selectAll().execute()
    await db
      .insertInto('security_audit_events')
      .values({
        ...row!,
        id: 'hostile',
        action: 'auth.passkey_added',
        user_agent: `Mozilla/5.0 (X11; Linux) ${name}/1.0 Firefox/140.0`,
        details: JSON.stringify({ passkeyId: 'p', name }),
      })
      .execute()
    const page = await browser.visit(`${BASE}/activity`)
    assert.ok(sentences(page).includes(`You added the passkey ${name}`))
    assert.equal(page.$('main img').length, 0)
  })

  it('has a sentence for what a newer release has written', async () => {
    const browser = await signedIn()
    await past(1, { action: 'auth.something_new' })
    assert.ok(sentences(await browser.visit(`${BASE}/activity`)).includes('Something about your account changed'))
  })

  it('knows every action: a kind, and words in both languages', () => {
    const details: Record<string, object[]> = {
      'auth.sign_in_failed': ['invalid_credentials', 'disabled', 'credential_changed', 'throttled'].map((reason) => ({
        reason,
      })),
      'auth.second_factor_failed': ['otp', 'rc', 'hwk'].map((method) => ({ method })),
      'auth.2fa_enabled': [{ replaced: true }, { replaced: false }],
    }
    assert.ok(ACTIONS.length > 20)
    for (const action of ACTIONS) {
      assert.ok(kindOf(action))
      for (const each of details[action] ?? [{ name: 'Key', left: 1, reason: 'revoked' }])
        for (const own of [true, false]) {
          const { text } = sentenceOf(action, each, own)
          assert.ok(text !== 'activity.unknown' && Object.hasOwn(en, text) && Object.hasOwn(de, text), action)
        }
    }
  })
})
