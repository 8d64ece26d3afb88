import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../support/services.js'
import { APPLIED, PENDING, cli, configFile, doctor, GOOD, GOOD_SECRET, STORE_PASSWORD, type Ran } from './run-cli.js'

const OPTIONS = JSON.stringify({ ...GOOD, database: 'sqlite:./security.db' })

describe('The command line', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  describe('is told what to do', () => {
    it('--help of all and of each names every option and the exit codes', async () => {
      const all = await cli(['--help'])
      assert.equal(all.code, 0)
      for (const word of ['migrate', 'doctor', '--config', 'Exit codes']) assert.ok(all.out.includes(word), word)
      for (const [command, options] of [
        ['migrate', ['--config', '--check']],
        ['doctor', ['--config', '--url', '--json', '--strict']],
      ] as const) {
        const { code, out } = await cli([command, '--help'])
        assert.equal(code, 0)
        for (const word of [...options, 'Exit codes']) assert.ok(out.includes(word), `${command} ${word}`)
      }
    })

    it('--version is that of the package', async () => {
      assert.match((await cli(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
    })

    it('wrong usage exits with 2 and says what to write', async () => {
      const wrong: [string[], RegExp][] = [
        [[], /Usage: sallyport <command>/],
        [['mend'], /no command "mend"; see: sallyport --help/],
        [['doctor', '--fix'], /Unknown option '--fix'\nSee: sallyport doctor --help/],
        [['migrate', 'now'], /Unexpected argument 'now'/],
        [['migrate', '--config'], /--config <value>' argument missing/],
        [['doctor', '--url', 'app.example.com'], /--url https:\/\/app\.example\.com/],
        [['doctor', '--url', 'ftp://app.example.com'], /--url https:\/\/app\.example\.com/],
        [['doctor'], /--config \.\/security\.config\.js/],
      ]
      for (const [args, says] of wrong) {
        const { code, out, err } = await cli(args)
        assert.deepEqual([code, out], [2, ''], args.join(' '))
        assert.match(err, says)
      }
    })
  })

  describe('reads a configuration file', () => {
    /** Runs `migrate --check` with a file; it is pending when its options were understood. */
    async function check(name: string, text: string): Promise<Ran> {
      await writeFile(join(folder.path, name), text)
      return cli(['migrate', '--check', '--config', `./${name}`], { cwd: folder.path })
    }

    it('whichever way it exports its options', async () => {
      const ways: [string, string, string][] = [
        ['default.mjs', `export default ${OPTIONS}`, 'default'],
        ['security.mjs', `export const security = ${OPTIONS}`, 'security'],
        ['options.mjs', `export const options = ${OPTIONS}`, 'options'],
        ['function.mjs', `export default () => (${OPTIONS})`, 'default'],
        ['async.mjs', `export default async () => (${OPTIONS})`, 'default'],
        ['named-function.mjs', `export async function options() { return ${OPTIONS} }`, 'options'],
        ['other-default.mjs', `export default { port: 3000 }\nexport const security = ${OPTIONS}`, 'security'],
        ['module.cjs', `module.exports = ${OPTIONS}`, 'default'],
        ['named.cjs', `const many = { security: ${OPTIONS} }; module.exports = many`, 'security'],
        ['compiled.cjs', `exports.__esModule = true; exports.default = ${OPTIONS}`, 'default'],
        ['plain.js', `module.exports = () => (${OPTIONS})`, 'default'],
      ]
      for (const [name, text, exported] of ways) {
        const { out, err } = await check(name, text)
        assert.equal(out, PENDING, `${name}: ${err}`)
        assert.ok(err.includes(`./${name} (export "${exported}")`), err)
      }
    })

    it('and says what is wrong with one that gives none', async () => {
      const wrong: [string, string, number, RegExp][] = [
        ['empty.mjs', '', 2, /exports no options; write "export default/],
        ['nothing.mjs', 'export default null', 2, /exports no options/],
        ['text.mjs', 'export default "sqlite:./x.db"', 2, /exports no options/],
        ['void.mjs', 'export default () => {}', 2, /gives no options object, but undefined/],
        ['made.mjs', 'export default { router() {}, requireSession() {} }', 2, /is what createSecurity returns/],
        ['throws.mjs', 'throw new Error("no vault today")', 1, /failed while it was run: Error: no vault today/],
        ['rejects.mjs', 'export default async () => { throw new Error("no vault") }', 1, /Error: no vault/],
        ['hangs.mjs', 'export default () => new Promise(() => {})', 1, /not done after 10 seconds/],
        ['waits.mjs', 'await new Promise(() => {})', 1, /not done after 10 seconds/],
        ['syntax.mjs', 'export default {', 1, /SyntaxError/],
        ['imports.mjs', 'import "./not-there.mjs"', 1, /not-there\.mjs/],
      ]
      const run = async ([name, text, code, says]: (typeof wrong)[number]) => {
        const ran = await check(name, text)
        assert.deepEqual([ran.code, ran.out], [code, ''], name)
        assert.match(ran.err, says)
      }
      await Promise.all(wrong.map(run)) // two of them are waited for
      await mkdir(join(folder.path, 'folder.mjs'))
      for (const name of ['./not-there.mjs', './folder.mjs']) {
        const { code, err } = await cli(['doctor', '--config', name], { cwd: folder.path })
        assert.equal(code, 2)
        assert.match(err, new RegExp(`there is no file ${name}`))
      }
    })

    it('in TypeScript, where this Node can; else says how', async () => {
      const { code, out, err } = await check('typed.ts', `const options: object = ${OPTIONS}\nexport default options`)
      const canRun = 'typescript' in process.features && Boolean(process.features.typescript)
      if (canRun) return assert.equal(out, PENDING, err)
      assert.equal(code, 2)
      assert.match(err, /compiled \.js file, use Node 22\.18/)
    })
  })

  describe('says no secret', () => {
    it('that a file throws, logs, or hands to the database', async () => {
      const env = { SALLYPORT_SECRET: GOOD_SECRET, DB_PASSWORD: STORE_PASSWORD, DATABASE_URL: '' }
      const database = `postgres://app:${STORE_PASSWORD}@127.0.0.1:1/app`
      const throws = await configFile(
        folder.path,
        {},
        "console.log('loading the vault')\nthrow new Error(`bad ${process.env.SALLYPORT_SECRET} ${process.env.DB_PASSWORD}`)",
      )
      const found = await doctor(throws, [], { env, alone: true })
      assert.equal(found.code, 1)
      assert.match(found.says('configuration_file'), /Error: bad \[hidden\] \[hidden\] -> let the file run by itself/)
      assert.match(found.err, /loading the vault/, 'what a file logs is no part of the report')
      const opens = await configFile(folder.path, { database, redis: `redis://:${STORE_PASSWORD}@127.0.0.1:1` })
      for (const command of [['migrate'], ['migrate', '--check'], ['doctor'], ['doctor', '--json']]) {
        const { out, err, code } = await cli([...command, '--config', opens])
        assert.equal(code, 1)
        assert.match(out + err, /ECONNREFUSED/)
      }
    })

    it('that a file shows in an error of its own address, encoded or not', async () => {
      const password = `${STORE_PASSWORD}@#/`
      const url = `postgres://app:${encodeURIComponent(password)}@127.0.0.1:1/app`
      const text =
        'throw new Error(`cannot reach ${process.env.DATABASE_URL} with ${decodeURIComponent(process.env.PW)}`)'
      const file = await configFile(folder.path, {}, text)
      const { out } = await doctor(file, [], { env: { DATABASE_URL: url, PW: encodeURIComponent(password) } })
      assert.match(out, /postgres:\/\/app:\[hidden\]@127\.0\.0\.1:1\/app with \[hidden\]/)
    })

    it('that only stands in an address of which nobody has told', async () => {
      const address = ['rediss://app:unknown-password@cache.internal:6379', 'redis://:unknown-password@cache.internal']
      const file = await configFile(folder.path, {}, `throw new Error('no answer from ${address.join(' and ')}')`)
      const { out } = await doctor(file)
      assert.match(out, /rediss:\/\/app:\[hidden\]@cache\.internal:6379 and redis:\/\/:\[hidden\]@cache\.internal/)
      assert.ok(!out.includes('unknown-password'))
    })

    it('and a client that the file has opened neither keeps the command nor breaks it', async () => {
      const text = `setInterval(() => {}, 1000)\nsetTimeout(() => { throw new Error('later ${GOOD_SECRET}') }, 0)`
      const file = await configFile(folder.path, { database: `sqlite:${join(folder.path, 'kept.db')}` }, text)
      const { code, out } = await cli(['migrate', '--config', file])
      assert.deepEqual([code, out], [0, APPLIED])
    })
  })
})
