import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CODE = ['src', 'middleware', 'strategies', 'views']
const LONGEST = 250

/** DESIGN part 3, from the ground up; views stand beside. */
const LAYERS: [string, RegExp][] = [
  ['core', /^src\/core\//],
  ['stores', /^src\/stores\//],
  ['rules', /^src\/features\/[a-z-]+\/(?!routes\.ts$)[a-z-]+\.ts$/],
  ['strategies', /^strategies\//],
  ['middleware', /^middleware\//],
  ['routes', /^src\/features\/[a-z-]+\/routes\.ts$/],
  [
    'joints',
    /^src\/(options|api|((page|key|factor|mail|contact)-)?configuration|calls|carrier|factors|notices|recovery|registry|router|security|strategies|index)\.ts$/,
  ],
  ['commands', /^src\/cli\//],
  ['views', /^views\//],
]

/** What each layer may import, beside packages and Node. */
const MAY_IMPORT: Record<string, string[]> = {
  core: ['core'],
  stores: ['core', 'stores'],
  rules: ['core', 'stores', 'rules'],
  strategies: ['core', 'stores', 'rules', 'strategies'],
  middleware: ['core', 'stores', 'rules', 'middleware', 'views'],
  routes: ['core', 'stores', 'rules', 'strategies', 'middleware', 'routes', 'views'],
  joints: ['core', 'stores', 'rules', 'strategies', 'middleware', 'routes', 'joints', 'views'],
  commands: ['core', 'stores', 'rules', 'middleware', 'joints', 'commands'],
  views: ['core', 'views'],
}

/** Who may import a page's models for their types: they are the contract between a rule's view and its page. */
const MODELS = /^views\/((activity|factor|password)-)?models\.ts$/
/** A template of the host's that cannot be used is a ConfigurationError. */
const ERRORS = 'src/core/errors.ts'

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

const files = CODE.flatMap((folder) => filesIn(folder))
const sources = files.filter((file) => file.endsWith('.ts'))

function filesIn(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return entries.map((entry) => join(folder, entry)).filter((path) => statSync(join(ROOT, path)).isFile())
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** The local modules that a text imports or exports from, type-only ones and `import()` included. */
function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const statements =
    /\b(?:import|export)\b\s*(type\b(?!\s*(?:,|from\b)))?([^'"`;()=]*?\bfrom\b)?\s*\(?\s*['"](\.[^'"]*)['"]/g
  return [...code.matchAll(statements)].map(([, type, names = '', path]) => {
    const listed = /\{([^}]*)\}/
      .exec(names)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '')
    const onlyTypes = listed?.length ? listed.every((name) => /^\s*type\s/.test(name)) : false
    const to = normalize(join(dirname(file), path!)).replace(/\.js$/, '.ts')
    return { from: file, to, typeOnly: type !== undefined || (onlyTypes && !/^\s*\w+\s*,/.test(names)) }
  })
}

const layerOf = (file: string): string | undefined => LAYERS.find(([, pattern]) => pattern.test(file))?.[0]
const imports = sources.flatMap((file) => importsOf(file, read(file)))

/** Why an import must not be, or null. */
function violation({ from, to, typeOnly }: Import): string | null {
  const [lower, upper] = [layerOf(from), layerOf(to)]
  if (!lower || !upper) return `${from} imports ${to}, which is in no layer`
  if (lower === 'views' && upper === 'core' && to !== ERRORS)
    return typeOnly ? null : `${from} imports more than types from ${to}`
  if (MODELS.test(to) && typeOnly && lower === 'rules') return null
  return MAY_IMPORT[lower]!.includes(upper) ? null : `${from} (${lower}) imports ${to} (${upper})`
}

/** The circles that a graph has, each once, as a path that ends where it began. */
function circlesOf(edges: readonly Pick<Import, 'from' | 'to'>[]): string[][] {
  const next = new Map<string, string[]>()
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const circles: string[][] = []
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) circles.push([...path.slice(at), file])
    if (at >= 0 || done.has(file)) return
    for (const to of next.get(file) ?? []) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return circles
}

describe('The architecture', () => {
  it('every file of the code is in a layer', () => {
    assert.ok(sources.length > 60, `${sources.length} files read`)
    assert.deepEqual(
      sources.filter((file) => !layerOf(file)),
      [],
    )
    assert.deepEqual(
      LAYERS.filter(([, pattern]) => !sources.some((file) => pattern.test(file))),
      [],
      'a layer without a file',
    )
  })

  it('imports point down', () => {
    assert.ok(imports.length > 200, `${imports.length} imports read`)
    assert.deepEqual(
      imports.flatMap((each) => violation(each) ?? []),
      [],
    )
  })

  it('no imports go round in a circle, types included', () => {
    assert.deepEqual(
      circlesOf(imports).map((circle) => circle.join(' -> ')),
      [],
    )
  })

  it('every import leads to a file', () => {
    assert.deepEqual(
      imports.filter(({ to }) => !sources.includes(to)),
      [],
    )
  })

  it('rules know no request and no response', () => {
    const webby = /\bfrom '(express|express-session|passport|passport-[a-z]+|helmet)'/
    for (const file of sources)
      if (['core', 'stores', 'rules'].includes(layerOf(file)!) && !file.endsWith('stores/redis/session-data.ts'))
        assert.doesNotMatch(read(file), webby, file)
  })

  it('invariant 2: there is one door, and nothing else begins a session', () => {
    const whoCalls = (call: RegExp) => sources.filter((file) => call.test(read(file)))
    assert.deepEqual(whoCalls(/\bsessions\.begin\(/), ['src/features/sign-in/complete-sign-in.ts'])
    assert.deepEqual(whoCalls(/\bsignIn\.complete\(/), ['middleware/establish-session.ts'])
    assert.deepEqual(whoCalls(/insertInto\('security_sessions'\)/), ['src/features/sessions/record-changes.ts'])
    assert.deepEqual(whoCalls(/\breq\.log[Ii]n\(/), [])
  })

  it('a feature reaches into no table but its own', () => {
    const OWNERS: Record<string, string> = {
      security_users: 'users',
      security_sessions: 'sessions',
      security_dead_ids: 'sessions',
      security_session_data: 'sessions',
      security_state: 'sessions',
      security_audit_events: 'audit-log',
      security_throttles: 'throttle',
      security_known_devices: 'known-devices',
      security_one_time_secrets: 'one-time-secrets',
      security_totp: 'totp',
      security_recovery_code_sets: 'recovery-codes',
      security_recovery_codes: 'recovery-codes',
      security_passkeys: 'passkeys',
      security_trusted_browsers: 'trusted-browsers',
      security_outbox: 'notices',
    }
    for (const file of sources)
      for (const [, table] of read(file).matchAll(/'(security_[a-z_]+)[.']/g)) {
        const feature = /^src\/features\/([a-z-]+)\//.exec(file)?.[1]
        const owner = OWNERS[table!]
        if (feature && owner) assert.equal(feature, owner, `${file} names ${table}`)
        else assert.ok(file.startsWith('src/stores/sql/'), `${file} names ${table}`)
      }
  })

  it(`no file is longer than ${LONGEST} lines`, () => {
    for (const file of [...sources, ...filesIn('demo'), ...files.filter((each) => each.endsWith('.eta'))]) {
      const lines = read(file).split('\n').length
      assert.ok(lines <= LONGEST, `${file} has ${lines}; split it`)
    }
  })

  it('names are kebab-case, and say what is in them', () => {
    for (const file of [...files, ...filesIn('test'), ...filesIn('demo')]) {
      assert.match(file, /^([a-z0-9-]+\/)*[a-z0-9-]+(\.test)?\.[a-z]+$/, relative(ROOT, join(ROOT, file)))
      assert.doesNotMatch(basename(file), /^(utils?|helpers?|misc|common)\b|manager/)
    }
    for (const file of sources) {
      assert.doesNotMatch(read(file), /\b(class|interface|type) (\w*Manager|\w*Utils?|I[A-Z][a-z]\w*)\b/, file)
      assert.doesNotMatch(read(file), /^export default\b/m, file)
    }
  })

  describe('is read rightly', () => {
    const FROM = 'src/features/totp/totp.ts'
    const read = (text: string) => importsOf(FROM, text).map(({ to, typeOnly }) => [to, typeOnly])

    it('whichever way an import is written', () => {
      const to = 'src/core/clock.ts'
      for (const text of [
        `import { systemClock } from '../../core/clock.js'`,
        `import { systemClock, type Clock } from "../../core/clock.js"`,
        `import * as clock from '../../core/clock.js'`,
        `import clock from '../../core/clock.js'`,
        `import clock, { type Clock } from '../../core/clock.js'`,
        `import '../../core/clock.js'`,
        `import {\n  systemClock,\n  type Clock,\n} from '../../core/clock.js'`,
        `export { systemClock } from '../../core/clock.js'`,
        `export * from '../../core/clock.js'`,
        `const { systemClock } = await import('../../core/clock.js')`,
      ])
        assert.deepEqual(read(text), [[to, false]], text)
      for (const text of [
        `import type { Clock } from '../../core/clock.js'`,
        `import { type Clock } from '../../core/clock.js'`,
        `import {\n  type Clock,\n  type Duration,\n} from '../../core/clock.js'`,
        `export type { Clock } from '../../core/clock.js'`,
        `export type * from '../../core/clock.js'`,
      ])
        assert.deepEqual(read(text), [[to, true]], text)
      for (const text of [`import { z } from 'zod'`, `// import x from './x.js'`, `/* export * from './x.js' */`])
        assert.deepEqual(read(text), [], text)
    })

    it('whatever must not be is found', () => {
      const refused: [string, string, boolean][] = [
        ['src/core/a.ts', 'src/stores/sql/b.ts', true],
        ['src/stores/sql/a.ts', 'src/features/totp/totp.ts', true],
        ['src/features/totp/totp.ts', 'middleware/csrf.ts', true],
        ['src/features/totp/totp.ts', 'src/features/totp/routes.ts', true],
        ['src/features/totp/totp.ts', 'views/models.ts', false],
        ['src/features/totp/totp.ts', 'views/renderer.ts', true],
        ['src/features/totp/routes.ts', 'src/security.ts', true],
        ['middleware/csrf.ts', 'src/features/totp/routes.ts', true],
        ['middleware/csrf.ts', 'strategies/totp.ts', false],
        ['strategies/totp.ts', 'middleware/csrf.ts', true],
        ['views/renderer.ts', 'src/core/crypto.ts', false],
        ['views/models.ts', 'src/features/totp/totp.ts', true],
        ['src/router.ts', 'src/lib/a.ts', false],
      ]
      for (const [from, to, typeOnly] of refused) assert.ok(violation({ from, to, typeOnly }), `${from} -> ${to}`)
      assert.equal(violation({ from: 'src/features/totp/totp.ts', to: 'views/models.ts', typeOnly: true }), null)
    })

    it('circles are found', () => {
      const edges = (text: string) => text.split(' ').map(([from, to]) => ({ from: from!, to: to! }))
      assert.deepEqual(circlesOf(edges('ab bc ac cd')), [])
      assert.deepEqual(circlesOf(edges('ab bc ca')), [['a', 'b', 'c', 'a']])
      assert.deepEqual(circlesOf(edges('aa')), [['a', 'a']])
      assert.equal(circlesOf(edges('ab bd db de ea')).length, 2)
    })
  })
})
