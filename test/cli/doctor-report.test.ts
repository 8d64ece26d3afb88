import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FINDING_IDS } from '../../src/cli/doctor/finding.js'
import { startHost, type Host } from '../support/host.js'
import { tempFolder } from '../support/services.js'
import { APPLIED, cli, configFile, GOOD_SECRET, OLD_SECRET } from './run-cli.js'
import { startSmtp, type SmtpListener } from './smtp-listener.js'

const DOCS = readFileSync('docs/operations.md', 'utf8')

describe('sallyport doctor, the report', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let host: Host
  let mail: SmtpListener
  before(async () => {
    folder = await tempFolder()
    host = await startHost({ people: [] })
    mail = await startSmtp({ extensions: ['STARTTLS'] })
  })
  after(async () => {
    await host?.close()
    await mail?.close()
    await folder?.remove()
  })

  /** Options about which doctor finds nothing to say. */
  const good = (): object => ({ origin: host.url, database: host.database, mail: `smtp://127.0.0.1:${mail.port}` })
  const run = async (options: object, ...args: string[]) =>
    cli(['doctor', '--config', await configFile(folder.path, options), ...args], { env: { NODE_ENV: 'test' } })

  it('of a configuration without a fault exits with 0, strictly too', async () => {
    for (const args of [[], ['--strict']]) {
      const { code, out } = await run(good(), ...args)
      assert.equal(code, 0, out)
      assert.match(out, /\n\nno problems, no warnings, \d+ ok\n$/)
    }
  })

  it('with a warning exits with 0, strictly with 1', async () => {
    const warned = { ...good(), secret: [GOOD_SECRET, OLD_SECRET] }
    const lax = await run(warned)
    assert.equal(lax.code, 0)
    assert.match(lax.out, /\n {2}WARNING {2}secret_old: an old secret is still accepted\n {11}-> when 30d have passed/)
    assert.match(lax.out, /\nno problems, 1 warning, \d+ ok\n$/)
    assert.equal((await run(warned, '--strict')).code, 1)
  })

  it('with a problem exits with 1', async () => {
    const { code, out } = await run({ ...good(), mail: 'smtp://127.0.0.1:1' })
    assert.equal(code, 1)
    assert.match(out, /\n {2}PROBLEM {2}mail_reachable: .*ECONNREFUSED.*\n {11}-> nothing listens there/)
    assert.match(out, /\n1 problem, no warnings, \d+ ok\n$/)
  })

  it('reads the same without colour, and breaks its lines between words', async () => {
    const { out } = await run({ ...good(), secret: [GOOD_SECRET, OLD_SECRET], mail: undefined })
    assert.doesNotMatch(out, /(?!\n)\p{Cc}/u)
    for (const line of out.split('\n')) assert.ok(line.length <= 100 || !line.trim().includes(' '), line)
    for (const section of ['configuration', 'database', 'redis', 'mail', 'app', 'processes'])
      assert.match(out, new RegExp(`^${section}(: .*)?$`, 'm'))
  })

  it('as JSON says where it looked, what it found and what it could not check', async () => {
    const { code, out } = await run({ ...good(), mail: undefined }, '--json', '--strict')
    assert.equal(code, 1)
    const report = JSON.parse(out) as Record<string, unknown>
    assert.deepEqual(Object.keys(report), ['lookedAt', 'count', 'findings', 'notChecked'])
    const { lookedAt, count, findings, notChecked } = report as Record<string, Record<string, unknown>>
    assert.equal(lookedAt!.app, `${host.url}/security/sign-in`)
    assert.match(String(lookedAt!.database), /^sqlite:\/.*security\.db$/)
    const all = findings as unknown as { level: string; section: string; id: string }[]
    assert.equal(count!.ok, all.filter(({ level }) => level === 'ok').length)
    assert.deepEqual([count!.warning, count!.problem], [1, 0])
    assert.deepEqual(
      all.filter(({ level }) => level === 'warning').map(({ section, id }) => [section, id]),
      [['mail', 'mail_set']],
    )
    assert.deepEqual(notChecked, [{ section: 'redis', why: 'no redis option: SQL alone serves' }])
  })

  describe('docs/operations.md', () => {
    it('tells what each finding means', () => {
      const rows = [...DOCS.matchAll(/^\| `(\w+)` \|/gm)].map(([, id]) => id)
      assert.deepEqual(rows, [...FINDING_IDS])
    })

    it('shows a report as doctor prints it', () => {
      const [, shown = ''] = /```text\n(configuration: [^]*?)```/.exec(DOCS) ?? []
      const ids = [...shown.matchAll(/^ {2}(?:ok|WARNING|PROBLEM) +(\w+): /gm)].map(([, id]) => id!)
      assert.ok(ids.length > 10)
      for (const id of ids) assert.ok((FINDING_IDS as readonly string[]).includes(id), id)
    })

    it('shows a configuration file that works', async () => {
      const [, file] = /```js\n\/\/ security\.config\.js\n([^]*?)```/.exec(DOCS)!
      await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }')
      await writeFile(join(folder.path, 'security.config.js'), file!)
      await writeFile(join(folder.path, 'users.js'), 'export const findById = () => null, findByEmail = () => null')
      const env = { SALLYPORT_SECRET: GOOD_SECRET, DATABASE_URL: 'sqlite:./data/security.db', NODE_ENV: 'test' }
      const where = { cwd: folder.path, env }
      const migrated = await cli(['migrate', '--config', './security.config.js'], where)
      assert.equal(migrated.out, APPLIED, migrated.err)
      const { out } = await cli(['doctor', '--config', './security.config.js'], where)
      assert.match(out, /ok +options: complete and well-formed/)
      assert.match(out, /ok +sql_migrations: the tables are up to date/)
    })
  })
})
