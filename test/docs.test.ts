import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Express } from 'express'
import supertest from 'supertest'
import type { Security } from 'sallyport'
import { ERRORS } from '../src/core/errors.js'
import { SECRET } from './support/host.js'
import { tempFolder } from './support/services.js'

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

interface Example {
  name: string
  /** The program that the block becomes: what it leaves out goes before, and its app comes out of it. */
  program: string
}

function examples(): Example[] {
  const pages = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].filter((name) =>
    name.endsWith('.md'),
  )
  return pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code], i) => {
      const before = code!.includes('createSecurity') ? USERS : HOST
      return { name: `${basename(page, '.md')}-${i}`, program: `${before}${code}\nexport { app, security }\n` }
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
    await folder.remove()
  })

  it('has examples', () => assert.ok(list.length >= 2))

  for (const { name, program } of list)
    it(`the code in ${name} compiles in strict mode and runs${program.includes("'/invoices'") ? ', and guards its routes' : ''}`, async () => {
      const file = pathToFileURL(join(process.cwd(), WORK, `${name}.js`)).href
      const { app, security } = (await import(file)) as { app: Express; security: Security }
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
})
