import assert from 'node:assert/strict'
import type { SessionView } from 'sallyport'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { ada, startHost, type Host } from '../support/host.js'

const LIST = `${BASE}/sessions`
const MANY = 50

describe('A long list of sessions', () => {
  let host: Host
  let here: Browser
  before(async () => {
    host = await startHost({
      routes: (app, security) =>
        app.post('/sign-in-as-ada', (req, res, next) => {
          security.signIn(req, ada, { amr: ['fed'] }).then(() => res.json({}), next)
        }),
    })
  })
  after(() => host.close())
  beforeEach(async () => {
    await host.security.sessions.revokeAll(ada.id)
    here = host.browser()
    await here.post('/sign-in-as-ada', {})
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  /** Signs her in elsewhere, until she has so many sessions. */
  async function fillUp(count: number): Promise<void> {
    for (let i = 1; i < count; i += 1) await host.browser(FIREFOX).post('/sign-in-as-ada', {})
  }
  const rows = (page: Page) => page.$('.sp-session').length
  const linksTo = (page: Page, label: string) =>
    page
      .$('main a')
      .toArray()
      .filter((link) => page.$(link).text() === label)
      .map(({ attribs }) => attribs.href)
  const revocable = (page: Page) =>
    page
      .$('.sp-session-action a')
      .map((_, { attribs }) => attribs.href!.split('/').at(-2)!)
      .get()

  it('is shown 25 at a time, the own device first, and plain links lead on and back', async () => {
    await fillUp(MANY)
    const first = await here.visit(LIST)
    assert.equal(rows(first), 25)
    assert.match(first.$('.sp-session').first().text(), /Current/)
    assert.match(first.text, /Showing 1 to 25 of 50/)
    assert.deepEqual([linksTo(first, 'Previous'), linksTo(first, 'Next')], [[], [`${LIST}?page=2`]])
    const second = await here.visit(`${LIST}?page=2`)
    assert.equal(rows(second), 25)
    assert.doesNotMatch(second.$('.sp-sessions').text(), /Current/)
    assert.match(second.text, /Showing 26 to 50 of 50/)
    assert.deepEqual([linksTo(second, 'Previous'), linksTo(second, 'Next')], [[LIST], []])
    const all = (await here.sessions()).filter(({ current }) => !current).map(({ id }) => id)
    assert.deepEqual([...revocable(first), ...revocable(second)], all, 'each of them once')
    for (const page of [first, second]) assert.match(page.text, /49 other devices are signed in/)
  })

  it('has a first and a last page, whatever is asked for', async () => {
    await fillUp(26)
    const shown = async (query: string) => /Showing \d+ to \d+ of \d+/.exec((await here.visit(LIST + query)).text)?.[0]
    for (const query of ['?page=3', '?page=999']) assert.equal(await shown(query), 'Showing 26 to 26 of 26', query)
    for (const query of ['?page=0', '?page=-1', '?page=x', '?page=', '?page=1e1', '?page=2&page=2', '?page[a]=2'])
      assert.equal(await shown(query), 'Showing 1 to 25 of 26', query)
  })

  it('is shown without pages where it fits one', async () => {
    await fillUp(25)
    const page = await here.visit(LIST)
    assert.deepEqual([rows(page), page.$('.sp-pages').length], [25, 0])
  })

  it('is cut to five on the Security page, which leads to all of them', async () => {
    await fillUp(5)
    assert.doesNotMatch((await here.visit(`${BASE}/`)).text, /See all/)
    await host.browser(FIREFOX).post('/sign-in-as-ada', {})
    const page = await here.visit(`${BASE}/`)
    assert.equal(rows(page), 5)
    assert.match(page.$('.sp-session').first().text(), /Current/)
    assert.deepEqual(linksTo(page, 'See all 6 sessions'), [LIST])
    assert.match(page.text, /5 other devices are signed in/)
  })

  it('is whole for a script, on both pages and on any page of the list', async () => {
    await fillUp(MANY)
    for (const path of [`${BASE}/`, LIST, `${LIST}?page=2`]) {
      const sessions = (await here.json(path)).json.sessions as SessionView[]
      assert.deepEqual([sessions.length, sessions[0]!.current], [MANY, true], path)
    }
  })

  it('is gone back to where one was in it, after a device of the second page was signed out', async () => {
    await fillUp(30)
    const second = await here.visit(`${LIST}?page=2`)
    const [one, other] = revocable(second)
    const from = { Referer: `${host.url}${LIST}?page=2` }
    const question = await here.visit(`${LIST}/${one}/revoke`, from)
    assert.equal(question.$('main a.sp-quiet').attr('href'), `${LIST}?page=2`)
    assert.equal((await here.submit(question, '/revoke')).location, `${LIST}?page=2`)
    assert.equal((await here.submit(second, `/${other}/revoke`, {}, from)).location, `${LIST}?page=2`, 'by the dialog')
    const elsewhere = { Referer: `${host.url}${LIST}?page=2&next=//evil.test` }
    assert.equal(
      (await here.visit(`${LIST}/${revocable(second)[2]}/revoke`, elsewhere)).fieldsOf('/revoke').returnTo,
      LIST,
    )
  })
})
