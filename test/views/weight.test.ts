import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { BASE } from '../support/browser.js'
import { launchChromium } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { startWalkedHost, walk } from '../support/walk.js'

const LIMIT = 25_000
const YEAR_S = 31_536_000
const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' }

interface AssetNames {
  Assets: new () => { styles: readonly string[]; scripts: readonly string[] }
}

describe('What a page loads', () => {
  let host: Host
  before(async () => void (host = await startHost()))
  after(() => host.close())

  const addresses = async (path: string) => {
    const page = await host.browser().visit(path)
    return page
      .$('link[rel=stylesheet], script')
      .map((_, { attribs }) => attribs.href ?? attribs.src)
      .get()
  }

  it('is under 25 KB of style sheets and script, gzipped', async () => {
    const sizes: Record<string, number> = {}
    for (const path of await addresses(`${BASE}/sign-in`)) {
      const { response } = await host.browser().visit(path)
      sizes[
        path
          .split('/')
          .at(-1)!
          .replace(/-\w+(?=\.\w+$)/, '')
      ] = gzipSync(response.text).length
    }
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
    console.log(`      ${total} bytes gzipped: ${JSON.stringify(sizes)}`)
    assert.deepEqual(Object.keys(sizes), ['pico.css', 'sallyport.css', 'sallyport.js'])
    assert.ok(total < LIMIT, `${total} bytes`)
  })

  it('is the same on every page, in every state: nothing inline, nothing of anybody else', async function () {
    this.timeout(60_000) // it walks through all of them
    const walked = await startWalkedHost()
    const expected = await addresses(`${BASE}/sign-in`)
    for (const [name, { $ }] of await walk(walked)) {
      const loaded = $('link[rel=stylesheet], script')
        .map((_, { attribs }) => attribs.href ?? attribs.src)
        .get()
      assert.deepEqual(loaded, expected, name)
      assert.equal($('style, [style], script:not([src]), iframe, object, embed').length, 0, name)
      for (const { attribs } of $('[src], link[href]').toArray())
        assert.match(attribs.src ?? attribs.href!, /^(\/(?!\/)|data:,$)/, name)
      const handlers = $('*')
        .toArray()
        .flatMap((each) => Object.keys('attribs' in each ? each.attribs : {}))
      assert.deepEqual(
        handlers.filter((attribute) => attribute.startsWith('on')),
        [],
        name,
      )
    }
    await walked.close()
  })

  it('is kept by browsers for ever, with its right type', async () => {
    for (const path of await addresses(`${BASE}/sign-in`)) {
      const { response } = await host.browser().visit(path)
      assert.equal(response.status, 200)
      assert.equal(response.headers['cache-control'], `public, max-age=${YEAR_S}, immutable`)
      assert.equal(response.headers['content-type'], TYPES[path.split('.').at(-1) as 'css' | 'js'])
      assert.equal(response.headers['x-content-type-options'], 'nosniff')
      assert.equal(response.headers['set-cookie'], undefined)
      assert.match(path, /-[0-9a-f]{12}\.(css|js)$/)
    }
    for (const name of ['pico.css', 'sallyport-000000000000.css', '../package.json', '..%2fmodels.js', '__proto__'])
      assert.equal((await host.browser().visit(`${BASE}/assets/${name}`)).status, 404, name)
  })

  it('has another name when its content is another, and the old one else', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'sallyport-assets-'))
    await cp('package.json', join(copy, 'package.json'))
    await cp('views', join(copy, 'views'), { recursive: true })
    await cp('dist/views', join(copy, 'dist/views'), { recursive: true })
    await symlink(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'))
    const { Assets } = (await import(pathToFileURL(join(copy, 'dist/views/assets.js')).href)) as AssetNames
    const [before, same] = [new Assets(), new Assets()]
    assert.deepEqual([same.styles, same.scripts], [before.styles, before.scripts])
    const served = (await addresses(`${BASE}/sign-in`)).map((path) => path.split('/').at(-1))
    assert.deepEqual([...before.styles, ...before.scripts], served)
    await appendFile(join(copy, 'views/assets/tokens.css'), '.another {}')
    await appendFile(join(copy, 'dist/views/scripts/times.js'), ';0')
    const after = new Assets()
    assert.equal(after.styles[0], before.styles[0], "Pico's is as it was")
    assert.notEqual(after.styles[1], before.styles[1])
    assert.notEqual(after.scripts[0], before.scripts[0])
    await rm(copy, { recursive: true })
  })

  it('asks nobody but us in Chromium, and once', async () => {
    const chromium = await launchChromium()
    const { page, problems } = await chromium.visitor(host.url)
    const asked: string[] = []
    page.on('request', (request) => void asked.push(new URL(request.url()).origin + ` ${request.resourceType()}`))
    await page.goto(`${BASE}/sign-in?returnTo=${BASE}/`)
    assert.deepEqual(
      asked.toSorted(),
      ['document', 'script', 'stylesheet', 'stylesheet'].map((type) => `${host.url} ${type}`),
    )
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password').fill(PASSWORDS.u1!)
    const fromServer: string[] = []
    page.on('response', (response) => {
      const isKept = response.request().resourceType() !== 'document'
      if (isKept) fromServer.push(response.url())
    })
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    const sizes = await page.evaluate<number[]>(
      "performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/')).map((each) => each.transferSize)",
    )
    assert.deepEqual(sizes, [0, 0, 0], `the second page takes them from the cache: ${fromServer.join()}`)
    assert.deepEqual(problems, [])
    await chromium.close()
  })
})
