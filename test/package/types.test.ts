import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { promisify } from 'node:util'
import { projectWith } from '../support/packed.js'

const run = promisify(execFile)

/** Whose types ours may lean on: Express's, which a host has, and those of the client that `redis` takes. */
const ALLOWED = ['express', 'ioredis']

/** A host's own code, as strict as it gets. What must not type-check says so. */
const HOST = `
import express = require('express')
import https = require('node:https')
import { ConfigurationError, createSecurity } from 'sallyport'
import type { Duration, OwnMessages, PageModel, RequestSecurity, Security, Views, SecurityEvent, SecurityOptions } from 'sallyport'

interface Member { id: number; email: string; name: string; plan: 'free' | 'paid' }
const members: Member[] = []
const options: SecurityOptions<Member> = {
  origin: 'https://app.example.com',
  secret: ['a new secret', 'the old one'],
  database: 'sqlite::memory:',
  redis: process.env.REDIS_URL,
  users: { findById: (id) => members.find((one) => String(one.id) === id), findByEmail: async () => null },
  sessions: { absolute: '12h' },
  pages: {
    render: (res, name, model) => {
      // @ts-expect-error -- not every page has an e-mail address
      model.email
      if (name === 'sign-in') return res.send(signIn(model, model.email.toUpperCase()))
      if (name === 'security') return res.render(name, { ...model, count: model.sessions.length })
      if (name === 'error' && model.status === 404) return model.page.csrfToken
      return false
    },
    navigation: (req) => [{ label: req.security.user?.name ?? 'You', href: '/profile', current: req.path === '/profile' }],
    messages: { en: { 'sign_in.title': 'Welcome' }, pl: { 'sessions.others': { one: 'a', few: 'b', other: 'c' } } },
  },
}
const signIn = ({ page, words, errors }: PageModel<'sign-in'>, email: string): string =>
  [page.language, email, words.t('sign_in.title'), ...Object.values(errors).flat()].join()
const views: Partial<Views> = { sessions: { sessions: [], listPage: 1 } }
// @ts-expect-error -- a text that there is not
const texts: OwnMessages = { en: { 'sign_in.titel': 'Welcome' } }
// @ts-expect-error -- a plural needs its forms
const plurals: OwnMessages = { en: { 'sessions.others': 'Many' } }
const tenMinutes: Duration = '10m'

export async function start(app: express.Express): Promise<Security> {
  const security = await createSecurity(options)
  app.use(security.router)
  app.get('/me', security.requireSession(), (req, res) => {
    const email: string | undefined = req.security.user?.email
    const view: RequestSecurity = req.security
    view.signal.addEventListener('abort', () => res.end())
    // @ts-expect-error -- the types are ours, not any
    req.security.nobody
    // @ts-expect-error -- who is signed in may be nobody
    req.security.user.email
    res.json({ email, own: req.user?.uid, since: req.security.session?.createdAt.toISOString() })
  })
  app.get('/pay', security.requireStepUp({ maxAge: tenMinutes }), (_req, res) => void res.end())
  // @ts-expect-error -- nobody knows the unit of a bare number
  app.get('/pay', security.requireStepUp({ maxAge: 600 }))
  // @ts-expect-error -- an option that there is not
  options.databse
  security.on('auth.signed_out', (event: SecurityEvent<'auth.signed_out'>) => event.details.sessionId.toUpperCase())
  app.use(security.errorHandler)
  security.attachTo(app.listen(3000))
  security.attachTo(https.createServer(app))
  return security
}
export const all = [views, texts, plurals]
export const isOurs = (error: unknown): string => (error instanceof ConfigurationError ? error.code : 'no')
`
/** How a host declares its own \`req.user\`: beside @types/passport, or without it. Ours must leave room for both. */
const WITH_PASSPORT = `
import passport = require('passport')
import type { Security } from 'sallyport'
declare global { namespace Express { interface User { uid: string } } }
export const mount = (security: Security) =>
  new passport.Passport().use(security.strategies.password()).use('own', security.strategies.password({ usernameField: 'login' }))
`
const WITHOUT_PASSPORT = `
declare global { namespace Express { interface Request { user?: { uid: string } } } }
export {}
`

const strict = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2020', lib: ['es2020'], types: ['node'] }
const nodenext = { ...strict, module: 'nodenext', moduleResolution: 'nodenext', exactOptionalPropertyTypes: true }
const OLD = 'node_modules/typescript4.9/lib/tsc.js'
const NEW = 'node_modules/typescript/bin/tsc'
const COMPILERS: [string, string, 'host.ts' | 'host.mts', object][] = [
  [
    'TypeScript 4.9, moduleResolution node',
    OLD,
    'host.ts',
    { ...strict, module: 'commonjs', moduleResolution: 'node' },
  ],
  ['the newest TypeScript, nodenext, from CommonJS', NEW, 'host.ts', nodenext],
  ['the newest TypeScript, nodenext, from ESM', NEW, 'host.mts', nodenext],
  ['the newest TypeScript, bundler', NEW, 'host.mts', { ...strict, module: 'esnext', moduleResolution: 'bundler' }],
]

const versionOf = (compiler: string) =>
  (JSON.parse(readFileSync(join(dirname(compiler), '../package.json'), 'utf8')) as { version: string }).version

/** ES modules know no `import x = require()`. */
const asModule = (code: string) => code.replace(/^import (\w+) = require\((.*)\)$/gm, 'import $1 from $2')

describe('The types', function () {
  this.timeout(180_000)
  const needs = { express: 'express', '@types/express': '@types/express' }
  const projects: Record<string, () => Promise<string>> = {
    'without @types/passport': once(() => projectWith(needs)),
    'with @types/passport': once(() => projectWith({ ...needs, '@types/passport': '@types/passport' })),
  }

  /** What the compiler says, line by line; nothing when all is well. */
  async function compile(folder: string, compiler: string, files: Record<string, string>, options: object) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: Object.keys(files) }),
    )
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch((error: { stdout: string }) => error)
    return stdout.split('\n').filter((line) => line.trim() !== '')
  }

  it('are compiled by the compilers that they claim', () => {
    assert.match(versionOf(OLD), /^4\.9\./)
    assert.ok(Number.parseInt(versionOf(NEW), 10) >= 7)
  })

  for (const [presence, project] of Object.entries(projects))
    for (const [name, compiler, file, options] of COMPILERS)
      it(`compile in a strict host ${presence}, libraries checked: ${name}`, async () => {
        const own = presence.startsWith('without') ? WITHOUT_PASSPORT : WITH_PASSPORT
        const write = file === 'host.mts' ? asModule : (code: string) => code
        const files = { [file]: write(HOST), [file.replace('host', 'own')]: write(own) }
        assert.deepEqual(await compile(await project(), compiler, files, options), [])
      })

  it('leave room for a req.user of the host also where @types/passport lies about unused', async () => {
    const folder = await projects['with @types/passport']!()
    const files = { 'host.ts': HOST, 'own.ts': WITHOUT_PASSPORT }
    assert.deepEqual(await compile(folder, NEW, files, nodenext), [])
  })

  it(`lean on no types but those of ${ALLOWED.join(' and ')}, followed from index.d.ts through every import`, async () => {
    const root = join(await projects['without @types/passport']!(), 'node_modules/sallyport/dist')
    const { files, packages } = closureOf(join(root, 'src/index.d.ts'))
    const names = files.map((file) => relative(root, file))
    for (const part of ['src/api.d.ts', 'src/options.d.ts', 'middleware/express.d.ts'])
      assert.ok(names.includes(part), `${part} is not read: ${names.join()}`)
    assert.deepEqual([...new Set(packages)].toSorted(), ALLOWED)
    const declared = files.filter((file) => /declare global/.test(readFileSync(file, 'utf8')))
    assert.deepEqual(
      declared.map((file) => relative(root, file)),
      ['middleware/express.d.ts'],
    )
  })
})

/** All declaration files that one leads to, and all packages that they name. */
function closureOf(entry: string): { files: string[]; packages: string[] } {
  const files: string[] = []
  const packages: string[] = []
  const follow = (file: string): void => {
    if (files.includes(file)) return
    assert.ok(existsSync(file), `${file} is not in the tarball`)
    files.push(file)
    const text = readFileSync(file, 'utf8')
    for (const [, named, reference] of text.matchAll(
      /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["']([^"']+)["']|<reference \w+="([^"]+)"/g,
    ))
      if (named?.startsWith('.')) follow(normalize(join(dirname(file), named)).replace(/\.js$/, '.d.ts'))
      else packages.push(named ?? reference!)
  }
  follow(entry)
  return { files, packages }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}
