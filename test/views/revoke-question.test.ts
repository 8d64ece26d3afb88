import assert from 'node:assert/strict'
import type { RevokeModel } from 'sallyport'
import { BASE, FIREFOX, type Browser } from '../support/browser.js'
import { ada, grace, PASSWORDS, startHost, type Host, type Person } from '../support/host.js'

const LIST = `${BASE}/sessions`

describe('The page that asks before a device is signed out', () => {
  let host: Host
  let here: Browser
  let laptop: Browser
  let id: string
  before(async () => void (host = await startHost()))
  after(() => host.close())
  beforeEach(async () => {
    await host.security.sessions.revokeAll(ada.id)
    here = await signedIn(ada)
    laptop = await signedIn(ada, FIREFOX)
    id = (await here.sessions()).find(({ current }) => !current)!.id
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  async function signedIn(person: Person, agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(person, PASSWORDS[person.id]!)).status, 303)
    return browser
  }
  const from = (path: string) => ({ Referer: host.url + path })
  const cancelOf = async (path: string, headers: Record<string, string>) =>
    (await here.visit(path, headers)).$('main a.sp-quiet').attr('href')

  it('names it, and does nothing yet', async () => {
    const page = await here.visit(`${LIST}/${id}/revoke`)
    assert.equal(page.status, 200)
    assert.match(page.text, /Sign out Firefox on Linux\? Firefox on Linux .*127\.0\.0\.1.*It is signed out at once/)
    assert.equal((await here.visit(`${LIST}/revoke-others`)).status, 200)
    assert.ok(await laptop.isSignedIn())
  })

  it("is nowhere for somebody else's session, or one that never was", async () => {
    const stranger = await signedIn(grace)
    const answers = [await stranger.visit(`${LIST}/${id}/revoke`), await stranger.visit(`${LIST}/no-such-id/revoke`)]
    for (const page of answers) assert.deepEqual([page.status, page.$('h1').text()], [404, 'Page not found'])
    assert.equal(answers[0]!.bytes, answers[1]!.bytes)
    assert.doesNotMatch(answers[0]!.text, /Firefox/)
  })

  it('is nowhere for a session that has ended', async () => {
    await laptop.submit(await laptop.visit(`${BASE}/`), '/sign-out')
    assert.equal((await here.visit(`${LIST}/${id}/revoke`)).status, 404)
  })

  it('leads a visitor to the sign-in, and back', async () => {
    for (const path of [`${LIST}/${id}/revoke`, `${LIST}/revoke-others`]) {
      const refused = await host.browser().visit(path)
      assert.deepEqual(
        [refused.status, new URLSearchParams(refused.location.split('?')[1]).get('returnTo')],
        [303, path],
      )
    }
  })

  it('says of the own device that one has to sign in again, and ends at the sign-in', async () => {
    const mine = (await here.sessions()).find(({ current }) => current)!
    const page = await here.visit(`${LIST}/${mine.id}/revoke`)
    assert.match(page.text, /the device that you are using: you will have to sign in again/)
    assert.doesNotMatch(page.text, /If you do not know this device/)
    const done = await here.submit(page, '/revoke')
    assert.deepEqual([done.status, done.location], [303, `${BASE}/sign-in`])
    assert.equal(await here.isSignedIn(), false)
    assert.ok(await laptop.isSignedIn())
  })

  it('goes back to where one came from: ours, or a page of the host', async () => {
    for (const [came, back] of [
      [`${BASE}/`, `${BASE}/`],
      [LIST, LIST],
      ['/account?tab=devices', '/account?tab=devices'],
      [`${BASE}/password`, `${BASE}/`],
    ] as const)
      for (const question of [`${LIST}/${id}/revoke`, `${LIST}/revoke-others`])
        assert.equal(await cancelOf(question, from(came)), back, `${question} from ${came}`)
    assert.equal(await cancelOf(`${LIST}/revoke-others`, {}), LIST, 'from nowhere')
    const done = await here.submit(await here.visit(`${LIST}/${id}/revoke`, from('/account?tab=devices')), '/revoke')
    assert.equal(done.location, '/account?tab=devices')
  })

  it('goes on to the list after a sign-in that led to it: neither to the sign-in nor to the question again', async () => {
    const question = `${LIST}/${id}/revoke`
    for (const came of [`${BASE}/sign-in?returnTo=${encodeURIComponent(question)}`, question, `${BASE}/step-up`]) {
      const page = await here.visit(question, from(came))
      assert.equal(page.$('main a.sp-quiet').attr('href'), LIST, came)
      assert.equal(page.fieldsOf('/revoke').returnTo, LIST, came)
    }
  })

  it('after a refused password form, whose address answers no GET, goes back to the Security page', async () => {
    const refused = await here.submit(await here.visit(`${BASE}/`), '/password', {
      currentPassword: 'wrong',
      newPassword: 'x',
      confirmPassword: 'x',
    })
    assert.equal(refused.status, 422)
    const link = refused.$('.sp-session-action a').attr('href')!
    const page = await here.visit(link, from(`${BASE}/password`))
    const back = page.$('main a.sp-quiet').attr('href')!
    assert.equal((await here.visit(back)).status, 200)
    const done = await here.submit(refused, '/revoke', {}, from(`${BASE}/password`))
    assert.match((await here.follow(done)).text, /Firefox on Linux was signed out/, 'from the dialog, too')
  })

  it('never leads to another origin', async () => {
    const page = await here.visit(`${LIST}/revoke-others`)
    for (const elsewhere of [
      'https://evil.test/',
      '//evil.test',
      '/\\evil.test',
      'javascript:alert(1)',
      '/\t/evil.test',
    ]) {
      const done = await here.submit(page, '/revoke-others', { returnTo: elsewhere })
      assert.deepEqual([done.status, done.location], [303, LIST], elsewhere)
    }
    for (const Referer of [
      'https://evil.test/security/',
      `${host.url}.evil.test/x`,
      `${host.url}//evil.test`,
      'nonsense',
    ])
      assert.equal(await cancelOf(`${LIST}/revoke-others`, { Referer }), LIST, Referer)
    assert.equal(await cancelOf(`${LIST}/revoke-others?returnTo=//evil.test`, {}), LIST)
  })

  it('answers a script with what it asks about', async () => {
    const { csrfToken, ...one } = (await here.json(`${LIST}/${id}/revoke`)).json as unknown as RevokeModel & {
      csrfToken: string
    }
    assert.equal(typeof csrfToken, 'string')
    assert.deepEqual([one.session?.id, one.session?.device.label, one.count], [id, 'Firefox on Linux', 1])
    assert.deepEqual(Object.keys(one).toSorted(), ['count', 'returnTo', 'session'])
    const { json } = await here.json(`${LIST}/revoke-others`)
    assert.deepEqual([json.session, json.count, json.returnTo], [null, 1, LIST])
    const problem = await here.json(`${LIST}/no-such-id/revoke`)
    assert.deepEqual([problem.status, problem.json.code], [404, 'not_found'])
  })
})
