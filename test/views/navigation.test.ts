import assert from 'node:assert/strict'
import type { NavigationEntry, PageOptions } from 'sallyport'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'

const OWN: NavigationEntry[] = [
  { label: 'Profile', href: '/profile' },
  { label: 'Notifications', href: '/notifications?tab=mail' },
]
const OURS = [
  ['Security', `${BASE}/`],
  ['Active sessions', `${BASE}/sessions`],
  ['Activity', `${BASE}/activity`],
]
const HOSTILE = `"><script>alert(1)</script>' onmouseover=x &amp;`

const entriesOf = (page: Page) =>
  page
    .$('nav.sp-nav a')
    .map((_, link) => [[page.$(link).text(), page.$(link).attr('href')]])
    .get()
const currentOf = (page: Page) =>
  page
    .$('nav.sp-nav [aria-current=page]')
    .map((_, link) => page.$(link).text())
    .get()

describe('The navigation', () => {
  let host: Host
  let browser: Browser
  afterEach(() => host?.close())
  async function start(navigation: PageOptions['navigation']): Promise<void> {
    host = await startHost({ pages: { navigation } })
    browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
  }
  const overview = () => browser.visit(`${BASE}/`)

  it("has the host's entries above ours, and marks where one is", async () => {
    await start(OWN)
    for (const [path, current] of [
      ['/', 'Security'],
      ['/sessions', 'Active sessions'],
      ['/sessions/revoke-others', 'Active sessions'],
      ['/activity?kind=password', 'Activity'],
    ] as const) {
      const page = await browser.visit(BASE + path)
      assert.deepEqual(entriesOf(page), [...OWN.map(({ label, href }) => [label, href]), ...OURS])
      assert.deepEqual(currentOf(page), [current], path)
    }
    assert.equal((await host.browser().visit(`${BASE}/sign-in`)).$('nav').length, 0, 'none for a visitor')
    assert.deepEqual(host.errors, [])
  })

  it('may be a function of the request, which knows who is signed in and what is current', async () => {
    await start((req) => [
      { label: `Profile of ${req.security.user?.name}`, href: '/profile', current: req.query.at === 'profile' },
    ])
    const page = await browser.visit(`${BASE}/sessions?at=profile`)
    assert.deepEqual(entriesOf(page), [['Profile of Ada Lindqvist', '/profile'], ...OURS])
    assert.deepEqual(currentOf(page), ['Profile of Ada Lindqvist', 'Active sessions'])
    assert.deepEqual(currentOf(await overview()), ['Security'])
  })

  it('shows a hostile label as text, from a list and from a function', async () => {
    const entries = [{ label: HOSTILE, href: '/profile?a="><b>' }]
    for (const navigation of [entries, () => entries]) {
      await start(navigation)
      const page = await overview()
      assert.equal(page.$('nav.sp-nav a').first().text(), HOSTILE)
      assert.equal(page.$('nav.sp-nav a').first().attr('href'), '/profile?a="><b>')
      assert.equal(page.$('script:not([src]), [onmouseover], nav b').length, 0)
      if (navigation === entries) await host.close()
    }
  })

  it('leaves out what a function gets wrong, and says so: no link to another origin, none that runs a script', async () => {
    const wrong: unknown[] = [
      { label: 'Elsewhere', href: 'https://evil.test/' },
      { label: 'Elsewhere', href: '//evil.test' },
      { label: 'Elsewhere', href: '/\\evil.test' },
      { label: 'Script', href: 'javascript:alert(1)' },
      { label: 'Script', href: ' javascript:alert(1)' },
      { label: 'No link' },
      { label: 7, href: '/seven' },
      { href: '/nameless' },
      null,
      'Profile',
    ]
    await start(() => [...wrong, OWN[0]!] as NavigationEntry[])
    assert.deepEqual(entriesOf(await overview()), [['Profile', '/profile'], ...OURS])
    assert.equal(host.errors.length, wrong.length)
    const told = host.errors.map(String).join('\n')
    assert.match(
      told,
      /pages\.navigation\.0\.href must be a path of your own, such as '\/profile'; the entry was left out/,
    )
    assert.match(told, /pages\.navigation\.7\.label /)
  })

  for (const [what, navigation] of [
    [
      'throws',
      () => {
        throw new Error('no navigation today')
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a promise', async () => OWN],
  ] as [string, () => unknown][])
    it(`is ours alone where the host's function ${what}, and that is reported`, async () => {
      await start(navigation as () => NavigationEntry[])
      const page = await overview()
      assert.deepEqual([page.status, entriesOf(page)], [200, OURS])
      assert.ok(host.errors.length > 0)
    })
})
