import assert from 'node:assert/strict'
import type { Express } from 'express'
import type { Locator, Page } from 'playwright-core'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'

const FONT = 'Georgia, serif'
const LIGHT = {
  '--sp-font': FONT,
  '--sp-background': 'rgb(250, 240, 230)',
  '--sp-surface': 'rgb(255, 250, 240)',
  '--sp-text': 'rgb(40, 20, 10)',
  '--sp-heading': 'rgb(60, 30, 10)',
  '--sp-muted': 'rgb(90, 60, 40)',
  '--sp-accent': 'rgb(140, 20, 60)',
  '--sp-on-accent': 'rgb(255, 250, 250)',
  '--sp-control-radius': '3px',
  '--sp-radius': '5px',
}
const DARK = {
  '--sp-background': 'rgb(20, 10, 5)',
  '--sp-surface': 'rgb(35, 25, 15)',
  '--sp-text': 'rgb(230, 220, 210)',
  '--sp-heading': 'rgb(250, 240, 230)',
  '--sp-accent': 'rgb(160, 40, 80)',
}
const rules = (variables: object) =>
  `.sp-page { ${Object.entries(variables)
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ')} }`
const BRAND = `${rules(LIGHT)}\n@media (prefers-color-scheme: dark) { ${rules(DARK)} }`
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="32"><rect width="96" height="32"/></svg>'

function brandRoutes(app: Express): void {
  app.get('/brand.css', (_req, res) => void res.type('css').send(BRAND))
  app.get('/more.css', (_req, res) => void res.type('css').send('.sp-page { --sp-radius: 7px; }'))
  app.get('/logo.svg', (_req, res) => void res.type('svg').send(LOGO))
}

const style = (locator: Locator, property: string) =>
  locator.evaluate(
    (element, name) =>
      (globalThis as unknown as { getComputedStyle: (e: unknown) => Record<string, string> }).getComputedStyle(element)[
        name
      ]!,
    property,
  )

describe("A host's style sheets", () => {
  let chromium: Chromium
  let host: Host
  let plain: Host
  before(async () => {
    chromium = await launchChromium()
    plain = await startHost()
    host = await startHost({
      productName: 'Ledgerly & Söhne',
      before: brandRoutes,
      pages: { logo: '/logo.svg', stylesheets: ['/brand.css', '/more.css'] },
    })
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
    await plain?.close()
  })

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${BASE}/sign-in?returnTo=${BASE}/`)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password').fill(PASSWORDS.u1!)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
  }

  it('come after ours, in the order given, on every page', async () => {
    for (const path of ['/sign-in', '/nothing']) {
      const page = await host.browser().visit(BASE + path)
      const hrefs = page
        .$('link[rel=stylesheet]')
        .map((_, { attribs }) => attribs.href)
        .get()
      assert.match(hrefs[0]!, /\/assets\/pico-/)
      assert.match(hrefs[1]!, /\/assets\/sallyport-/)
      assert.deepEqual(hrefs.slice(2), ['/brand.css', '/more.css'])
    }
    assert.deepEqual(host.security.fragments.styles.slice(2), ['/brand.css', '/more.css'])
  })

  for (const colorScheme of ['light', 'dark'] as const)
    it(`set fonts, colours and corners by variables, in the ${colorScheme}`, async () => {
      const visitor = await chromium.visitor(host.url, { colorScheme, reducedMotion: 'reduce' })
      const { page, problems } = visitor
      await signIn(page)
      const wanted: Record<string, string> = colorScheme === 'light' ? LIGHT : { ...LIGHT, ...DARK }
      const button = page.getByRole('button', { name: 'Change password' })
      const card = page.locator('.sp-card').first()
      const seen: [string, Locator, string, string?][] = [
        ['--sp-font', page.locator('body'), 'fontFamily'],
        ['--sp-font', button, 'fontFamily'],
        ['--sp-font', page.getByLabel('Current password'), 'fontFamily'],
        ['--sp-background', page.locator('body'), 'backgroundColor'],
        ['--sp-surface', card, 'backgroundColor'],
        ['--sp-text', page.locator('body'), 'color'],
        ['--sp-heading', page.getByRole('heading', { name: 'Security', level: 1 }), 'color'],
        ['--sp-muted', page.getByText('Changing it signs out'), 'color'],
        ['--sp-accent', button, 'backgroundColor'],
        ['--sp-on-accent', button, 'color'],
        ['--sp-control-radius', button, 'borderTopLeftRadius'],
        ['--sp-radius', card, 'borderTopLeftRadius', '7px'],
      ]
      assert.equal(
        await style(page.locator('html'), 'backgroundColor'),
        'rgba(0, 0, 0, 0)',
        'the window takes that of the page',
      )
      for (const [variable, locator, property, value] of seen)
        assert.equal(await style(locator, property), value ?? wanted[variable], `${variable}: ${property}`)
      assert.deepEqual(problems, [], 'nothing was refused by our headers')
      await visitor.close()
    })

  it("show the product's logo, with its name for who cannot see it", async () => {
    const visitor = await chromium.visitor(host.url)
    const { page, problems } = visitor
    await page.goto(`${BASE}/sign-in`)
    const logo = page.getByRole('img', { name: 'Ledgerly & Söhne' })
    assert.deepEqual([await logo.getAttribute('src'), (await logo.boundingBox())?.height], ['/logo.svg', 32])
    assert.equal(await logo.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth), 96)
    assert.equal(await page.title(), 'Sign in · Ledgerly & Söhne')
    await signIn(page)
    assert.equal(await page.getByRole('img', { name: 'Ledgerly & Söhne' }).count(), 1)
    assert.deepEqual(problems, [])
    await visitor.close()
  })

  it('leave what our pages may load as strict as it was', async () => {
    const policy = async (of: Host) =>
      (await of.browser().visit(`${BASE}/sign-in`)).response.headers['content-security-policy']
    assert.equal(await policy(host), await policy(plain))
  })

  it('are none without the option, and the name stands where the logo would', async () => {
    const page = await plain.browser().visit(`${BASE}/sign-in`)
    assert.equal(page.$('link[rel=stylesheet]').length, 2)
    assert.deepEqual([page.$('.sp-brand').text(), page.$('img').length], ['localhost', 0])
  })
})
