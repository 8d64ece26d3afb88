import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Express } from 'express'
import ejs from 'ejs'
import supertest from 'supertest'
import type { Security } from 'sallyport'
import { ERRORS } from '../src/core/errors.js'
import { en } from '../views/messages/en.js'
import { ada, PASSWORDS, SECRET, startHost } from './support/host.js'
import { ownTemplates } from './support/own-templates.js'
import { tempFolder } from './support/services.js'

const MODELS = ['models', 'password-models', 'factor-models', 'activity-models', 'device-view']
const WORK = 'dist/docs-check'
const USERS = `
import type { RequestHandler } from 'express'
const findById = () => null
const findByEmail = () => null
const invoices: RequestHandler = (_req, res) => void res.json([])
const payouts: RequestHandler = (_req, res) => void res.json({})
`
const HOST = `
import express from 'express'
import { createSecurity } from 'sallyport'
const app = express()
const security = await createSecurity({ origin: 'http://localhost:3000', secret: process.env.SALLYPORT_SECRET!, database: 'sqlite::memory:', users: { findById: () => null, findByEmail: () => null } })
app.use(security.router)
`
const HOST_WITH_PAGES = HOST.replace('users:', 'pages, users:')

interface Example {
  name: string
  /** The program that the block becomes: what it leaves out goes before (or after, for the `pages` of a host), and its app comes out of it. */
  program: string
}

function examples(): Example[] {
  const pages = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].filter((name) =>
    name.endsWith('.md'),
  )
  return pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code], i) => {
      const name = `${basename(page, '.md')}-${i}`
      const given = code!.includes('const pages: PageOptions') ? HOST_WITH_PAGES : ''
      const before = given ? '' : code!.includes('createSecurity') ? USERS : HOST
      return { name, program: `${before}${code}${given}\nexport { app, security }\n` }
    }),
  )
}

describe('The documentation', () => {
  const list = examples()
  let folder: Awaited<ReturnType<typeof tempFolder>>

  before(async function () {
    this.timeout(60_000)
    folder = await tempFolder()
    process.env.SALLYPORT_SECRET = SECRET
    process.env.SALLYPORT_KEY = Buffer.alloc(32, SECRET).toString('base64')
    process.env.DATABASE_URL = `sqlite:${join(folder.path, 'docs.db')}`
    rmSync(WORK, { recursive: true, force: true })
    mkdirSync(WORK, { recursive: true })
    for (const { name, program } of list) writeFileSync(join(WORK, `${name}.ts`), program)
    const options = { module: 'nodenext', target: 'es2022', strict: true, types: ['node'], skipLibCheck: true }
    writeFileSync(join(WORK, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }))
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', WORK], { stdio: 'pipe' })
  })
  after(async () => {
    delete process.env.DATABASE_URL
    delete process.env.SALLYPORT_SECRET
    delete process.env.SALLYPORT_KEY
    await folder.remove()
  })

  it('has examples', () => assert.ok(list.length >= 2))

  for (const { name, program } of list)
    it(`the code in ${name} compiles in strict mode and runs${program.includes("'/invoices'") ? ', and guards its routes' : ''}`, async () => {
      const file = pathToFileURL(join(process.cwd(), WORK, `${name}.js`)).href
      const { app, security } = (await import(file)) as { app: Express; security: Security }
      if (program.includes('renderToString')) {
        const page = await supertest(app).get('/security/sign-in').set('Accept', 'text/html')
        assert.match(
          page.text,
          /^<!doctype html><form action="\/security\/sign-in" method="post"><input[^>]* name="csrfToken"/,
        )
      }
      if (!program.includes("'/invoices'")) return security.close()
      app.use(security.errorHandler)
      const refused = await supertest(app).get('/invoices').set('Accept', 'application/json')
      assert.equal(refused.status, 401)
      assert.equal((refused.body as { code: string }).code, 'sign_in_required')
      await security.close()
    })

  it('docs/errors.md lists exactly the codes there are', () => {
    const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \|/gm)]
    assert.deepEqual(Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)])), { ...ERRORS })
  })

  it('docs/options.md names every option', () => {
    const page = readFileSync('docs/options.md', 'utf8')
    const source = readFileSync('src/options.ts', 'utf8')
    const fields = [...source.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name]) => name!)
    assert.ok(fields.length > 15)
    for (const field of fields) assert.match(page, new RegExp(`\\b${field}\\b`), `${field} is missing`)
  })

  it('docs/views.md lists exactly the templates, the CSS variables and the fields of the models that there are', () => {
    const page = readFileSync('docs/views.md', 'utf8')
    const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!)
    const templates = readdirSync('views', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.eta'),
    )
    const listed = (pattern: RegExp) => rows.filter((name) => pattern.test(name)).toSorted()
    assert.deepEqual(listed(/\//), templates.map((name) => name.slice(0, -'.eta'.length)).toSorted())
    const styles = readdirSync('views/assets').map((name) => readFileSync(join('views/assets', name), 'utf8'))
    const variables = styles.join('\n').matchAll(/^\s*(--sp-[\w-]+):/gm)
    assert.deepEqual(listed(/^--sp-/), [...new Set([...variables].map(([, name]) => name!))].toSorted())

    const models = MODELS.map((name) => readFileSync(`views/${name}.ts`, 'utf8'))
      .join('\n')
      .matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)
    const isShown = ([, name]: string[]) => name !== 'Views' // the table of all pages, not a model
    for (const [, name, body] of [...models].filter(isShown)) {
      const section = page.split(`### \`${name}\`\n`)[1]?.split('\n#')[0] ?? ''
      const fields = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field)
      assert.deepEqual(
        fields,
        [...body!.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field]) => field),
        name,
      )
    }
  })

  it('docs/views.md names types that a host can import', () => {
    const index = readFileSync('src/index.ts', 'utf8')
    const names = [...readFileSync('docs/views.md', 'utf8').matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name!)
    assert.ok(names.length > 25)
    for (const name of names) assert.match(index, new RegExp(`\\b${name}\\b`), `${name} is missing`)
  })

  it('the templates in docs/views.md work: a button, and a sign-in page for EJS', async () => {
    const [button, signIn] = [...readFileSync('docs/views.md', 'utf8').matchAll(/```html\n(.*?)```/gs)].map(
      ([, code]) => code!,
    )
    const own = await ownTemplates({ 'elements/button.eta': button! })
    const host = await startHost({
      pages: {
        templates: own.path,
        render: (res, name, model) => name === 'sign-in' && res.send(ejs.render(signIn!, model)),
      },
    })
    const browser = host.browser()
    const refused = await browser.signIn(ada, 'wrong')
    assert.deepEqual([refused.status, refused.$('[role=alert]').text()], [422, 'E-mail or password is wrong.'])
    const done = await browser.submit(refused, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
    assert.deepEqual([done.status, done.location], [303, '/'])
    const page = await browser.visit('/security/')
    assert.equal(page.$('.sp-password button.btn-primary').text(), 'Change password')
    assert.deepEqual([page.$('.sp-button').length, host.errors], [0, []])
    await host.close()
    await own.remove()
  })

  it('docs/languages.md and docs/views.md speak of no text that there is not', () => {
    for (const page of ['docs/languages.md', 'docs/views.md'])
      for (const [, key] of readFileSync(page, 'utf8').matchAll(/['`]([a-z_]+\.[a-z_]+)['`]/g))
        if (
          /^(nav|password|sessions|sign_in|rule|error|page|device|security)\.(?!styles|flash|base|csrf|form|render|router|sessions)/.test(
            key!,
          )
        )
          assert.ok(Object.hasOwn(en, key!), `${key} in ${page}`)
  })
})
