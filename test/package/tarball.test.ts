import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { formatMessage } from 'publint/utils'
import { publint } from 'publint'
import { ada, PASSWORDS, SECRET } from '../support/host.js'
import { BASE, Browser } from '../support/browser.js'
import { packed, projectWith } from '../support/packed.js'
import { startProcess } from '../support/process.js'
import { freePort } from '../support/services.js'

const LARGEST = 1_500_000
const run = promisify(execFile)

/** An app as a team with CommonJS has it: no build, no `import`. */
const HOST = `
const express = require('express')
const { createSecurity, ConfigurationError } = require('sallyport')
const { port, users, password, secret } = JSON.parse(process.argv[2])

async function main() {
  const security = await createSecurity({
    origin: 'http://localhost:' + port,
    secret,
    database: 'sqlite::memory:',
    users: { findById: (id) => users[id] ?? null, findByEmail: (email) => Object.values(users).find((user) => user.email === email) ?? null },
  })
  for (const id of Object.keys(users)) await security.passwords.set(id, password)
  const refused = await createSecurity({}).catch((error) => error)
  if (!(refused instanceof ConfigurationError)) throw new Error('another class of errors: ' + refused)
  const app = express()
  app.use(security.router)
  app.get('/invoices', security.requireSession(), (req, res) => res.json({ user: req.security.user }))
  app.use(security.errorHandler)
  app.listen(port, '127.0.0.1', () => process.send({ ready: true }))
}
main()
`

describe('The packed tarball', function () {
  this.timeout(120_000)
  let project: string
  let folder: string
  let files: string[]
  before(async () => {
    project = await projectWith({ express: 'express' })
    folder = join(project, 'node_modules/sallyport')
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(folder, name)).isFile(),
    )
  })

  it(`is smaller than ${LARGEST / 1e6} MB`, async () => {
    const { size } = statSync(await packed())
    assert.ok(size < LARGEST, `${size} bytes`)
  })

  it('has the license, the readme, the changelog, the security policy, and the pages with their styles', () => {
    for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'views/pages/sign-in.eta'])
      assert.ok(files.includes(name), name)
    assert.ok(files.includes('views/assets/tokens.css'))
  })

  it('has no code but what is built from the sources of the product: no test, demo or bench', () => {
    const code = files.filter((name) => /\.(ts|js|mjs|cjs|map)$/.test(name))
    assert.ok(code.length > 150)
    for (const name of code) {
      assert.match(name, /^dist\/(src|middleware|strategies|views)\/.*\.(js|js\.map|d\.ts)$/)
      const source = name.replace(/^dist\//, '').replace(/\.(js|js\.map|d\.ts)$/, '.ts')
      assert.ok(existsSync(source), `${name}: there is no ${source}`)
    }
    const others = files.filter((name) => !code.includes(name))
    for (const name of others) assert.match(name, /^(views\/|[A-Z]+(\.md)?$|package\.json$)/)
  })

  it('each module for Node names its source map, and each map carries its sources', () => {
    const forBrowsers = 'dist/views/scripts/' // served as one file, to which no map of one part belongs
    for (const name of files.filter((each) => each.endsWith('.js') && !each.startsWith(forBrowsers))) {
      const map = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(join(folder, name), 'utf8'))?.[1]
      const path = join(folder, name, '..', map ?? 'no map')
      const { sources, sourcesContent } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string[]>
      assert.equal(sources!.length, sourcesContent?.length, name)
      for (const text of sourcesContent!) assert.ok(text.length > 0, name)
    }
  })

  it('installs with --ignore-scripts and lacks nothing', async () => {
    const { stdout } = await run('npm', ['ls', '--all', '--json'], { cwd: project })
    assert.equal((JSON.parse(stdout) as { problems?: unknown }).problems, undefined)
  })

  it('publint finds nothing', async () => {
    const bytes = await readFile(await packed())
    const pack = { tarball: new Uint8Array(bytes).buffer }
    const { messages, pkg } = await publint({ pkgDir: 'package', pack, strict: true })
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg as Record<string, unknown>)),
      [],
    )
  })

  it('attw finds that types resolve in every mode; that require meets ESM is known, and works', async () => {
    const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js'
    const { stdout } = await run(process.execPath, [attw, await packed(), '--format', 'json'], {
      encoding: 'utf8',
    }).catch(
      (error: { stdout: string }) => error, // it ends with 1 for the one problem that is known
    )
    const { analysis } = JSON.parse(stdout) as { analysis: { types: unknown; problems: { kind: string }[] } }
    assert.ok(analysis.types)
    assert.deepEqual([...new Set(analysis.problems.map(({ kind }) => kind))], ['CJSResolvesToESM'])
  })

  for (const [name, version] of Object.entries({ express: '5', express4: '4' }))
    it(`runs in a CommonJS project with Express ${version} by require('sallyport')`, async () => {
      const own = name === 'express' ? project : await projectWith({ express: name })
      const express = JSON.parse(await readFile(join(own, 'node_modules/express/package.json'), 'utf8')) as object
      assert.match((express as { version: string }).version, new RegExp(`^${version}\\.`))
      const program = join(own, 'host.js')
      await writeFile(program, HOST)
      const [port, password] = [await freePort(), PASSWORDS[ada.id]!]
      const settings = { port, users: { [ada.id]: ada }, password, secret: SECRET }
      const host = await startProcess(pathToFileURL(program), settings)
      try {
        const browser = new Browser(host.url)
        const refused = await browser.visit('/invoices')
        assert.equal(refused.location, `${BASE}/sign-in?returnTo=%2Finvoices`)
        const page = await browser.follow(refused)
        const style = await browser.visit(page.$('link[rel=stylesheet]').last().attr('href')!)
        assert.equal(style.status, 200)
        const done = await browser.submit(page, '/sign-in', { email: ada.email, password })
        assert.equal(done.location, '/invoices')
        assert.equal((await browser.json('/invoices')).status, 200)
      } finally {
        await host.stop()
      }
    })
})
