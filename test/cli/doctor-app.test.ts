import assert from 'node:assert/strict'
import { createServer, request, type OutgoingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startHost, type Host, type HostOptions } from '../support/host.js'
import { startRedis, tempFolder } from '../support/services.js'
import { configFile, doctor, type Examined } from './run-cli.js'

const ORIGIN = 'https://app.example.com'
const PAGE = [
  'app_reachable',
  'app_sign_in_page',
  'app_form_cookie',
  'app_csp',
  'app_cache_control',
  'app_clock',
] as const

describe('sallyport doctor, the running app', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  const open: { close: () => Promise<unknown> }[] = []
  before(async () => void (folder = await tempFolder()))
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })
  after(() => folder.remove())

  async function host(options: HostOptions = {}): Promise<Host> {
    const started = await startHost({ people: [], ...options })
    open.push(started)
    return started
  }
  /** A host with an https origin, that trusts the one proxy before it. */
  const behindProxy = (options: HostOptions = {}): Promise<Host> =>
    host({ origin: ORIGIN, before: (app) => app.set('trust proxy', 1), ...options })

  const examine = async (options: object, args: string[] = [], more = ''): Promise<Examined> =>
    doctor(await configFile(folder.path, options, more), args)

  /** Something on the way to the host that changes the headers of its answers. */
  async function between({ url }: Host, change: (headers: OutgoingHttpHeaders) => void): Promise<string> {
    return serve((req, res) => {
      const sent = request(`${url}${req.url}`, { headers: req.headers }, (answer) => {
        const headers: OutgoingHttpHeaders = { ...answer.headers }
        change(headers)
        res.writeHead(answer.statusCode!, headers)
        answer.pipe(res)
      })
      sent.end()
    })
  }
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    open.push({ close: () => new Promise((done) => server.close(done)) })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('on http and localhost is found at its origin, and is good', async () => {
    const { url, database } = await host({ basePath: '/account/security' })
    const found = await examine({ origin: url, database, basePath: '/account/security' })
    for (const id of PAGE) assert.equal(found.level(id), 'ok', `${id} in ${found.out}`)
    assert.match(found.says('app_form_cookie', 'ok'), /^sallyport_form: httponly, samesite=lax, path=\/ ->/)
    for (const id of ['app_hsts', 'app_proxy_trust'] as const) assert.equal(found.level(id), undefined, id)
  })

  it('with an https origin is asked as its proxy would ask, and is good', async () => {
    const { url, database } = await behindProxy()
    const found = await examine({ origin: ORIGIN, database }, ['--url', url])
    for (const id of [...PAGE, 'app_hsts'] as const) assert.equal(found.level(id), 'ok', `${id} in ${found.out}`)
    assert.match(found.says('app_form_cookie', 'ok'), /^__Host-sallyport_form: .*secure/)
    assert.equal(found.code, 0)
    assert.match(found.out, /with X-Forwarded-Proto: https, as your proxy would/)
  })

  it('with an https origin that does not trust its proxy is a problem', async () => {
    const { url, database } = await host({ origin: ORIGIN })
    const found = await examine({ origin: ORIGIN, database }, ['--url', url])
    assert.equal(found.level('app_proxy_trust'), 'problem')
    assert.match(found.says('app_proxy_trust'), /answers 500.* -> write app\.set\('trust proxy', 1\)/)
    assert.equal(found.level('app_form_cookie'), undefined, 'an error page tells nothing of the others')
    assert.equal(found.code, 1)
  })

  it('that is not there is a problem when its address was given, else it is not checked', async () => {
    const demanded = await examine({}, ['--url', 'http://127.0.0.1:1'])
    assert.match(demanded.says('app_reachable'), /ECONNREFUSED.* -> nothing listens there/)
    const guessed = await examine({})
    assert.equal(guessed.level('app_reachable'), undefined)
    assert.match(guessed.notChecked.find(({ section }) => section === 'app')!.why, /does not answer from here/)
  })

  it('whose sign-in page is not there says what to look at', async () => {
    const answers: [number, OutgoingHttpHeaders, RegExp][] = [
      [404, {}, /answers 404 -> mount the router before your 404 handler/],
      [
        301,
        { Location: 'https://www.example.com/' },
        /answers 301 to https:\/\/www\.example\.com\/ -> give the address/,
      ],
      [503, {}, /answers 503 -> a store cannot be reached from the app/],
      [500, {}, /answers 500 -> see what onError was told/],
    ]
    for (const [status, headers, says] of answers) {
      const url = await serve((_req, res) => void res.writeHead(status, headers).end())
      const found = await examine({ origin: url.replace('127.0.0.1', 'localhost') }, ['--url', url])
      assert.match(found.says('app_sign_in_page'), says)
      assert.equal(found.level('app_csp'), undefined)
    }
  })

  it('that shows another page there is a problem', async () => {
    const url = await serve((_req, res) => void res.end('<h1>Our single page app</h1>'))
    const found = await examine({ origin: url.replace('127.0.0.1', 'localhost') }, ['--url', url])
    assert.equal(found.level('app_sign_in_page'), 'ok')
    for (const id of ['app_form_cookie', 'app_csp', 'app_cache_control'] as const)
      assert.equal(found.level(id), 'problem', id)
    assert.match(found.says('app_form_cookie'), /sets no cookie sallyport_form.* -> .*is it our page that answers/)
  })

  it('whose headers are changed on their way says by which', async () => {
    const app = await behindProxy()
    const cookie = (change: (text: string) => string) => (headers: OutgoingHttpHeaders) => {
      headers['set-cookie'] = (headers['set-cookie'] as string[]).map(change)
    }
    const wrong: [Parameters<Examined['level']>[0], string, (headers: OutgoingHttpHeaders) => void, RegExp][] = [
      ['app_form_cookie', 'problem', cookie((text) => text.replace(/; HttpOnly/, '')), /no httponly -> .*proxy_cookie/],
      ['app_form_cookie', 'problem', cookie((text) => text.replace(/; Secure/, '')), /no secure/],
      [
        'app_form_cookie',
        'problem',
        cookie((text) => text.replace('SameSite=Lax', 'SameSite=None')),
        /no samesite=lax/,
      ],
      ['app_form_cookie', 'problem', cookie((text) => text.replace('Path=/', 'Path=/app')), /no path=\//],
      ['app_form_cookie', 'problem', cookie((text) => `${text}; Domain=example.com`), /domain=example\.com/],
      [
        'app_csp',
        'problem',
        (all) => void delete all['content-security-policy'],
        /no Content-Security-Policy -> let the proxy/,
      ],
      [
        'app_csp',
        'problem',
        (all) =>
          void Object.assign(all, {
            'content-security-policy': [all['content-security-policy'], "default-src 'self'"],
          }),
        /two Content-Security-Policies.* -> .*add_header/,
      ],
      ['app_csp', 'warning', (all) => void (all['content-security-policy'] = "default-src 'self'"), /is not ours ->/],
      [
        'app_hsts',
        'warning',
        (all) => void delete all['strict-transport-security'],
        /no Strict-Transport-Security.* -> /,
      ],
      ['app_hsts', 'warning', (all) => void (all['strict-transport-security'] = 'max-age=0'), /switched off/],
      [
        'app_cache_control',
        'problem',
        (all) => void (all['cache-control'] = 'max-age=60'),
        /"max-age=60" -> take what/,
      ],
    ]
    for (const [id, level, change, says] of wrong) {
      const url = await between(app, change)
      const found = await examine({ origin: ORIGIN, database: app.database }, ['--url', url])
      assert.equal(found.level(id), level, `${id} ${String(change)}`)
      assert.match(found.says(id), says)
      const others = found.findings.filter((each) => each.section === 'app' && each.id !== id && each.level !== 'ok')
      assert.deepEqual(others, [], 'nothing else is said')
    }
  })

  it('whose clock is another is a warning, then a problem', async () => {
    const { url, database } = await host()
    const away = (ms: number): string =>
      `options.clock = { now: () => Date.now() + ${ms}, monotonic: () => performance.now(), sleep: async () => {} }`
    assert.equal((await examine({ origin: url, database }, [], away(3_000))).level('app_clock'), 'warning')
    const found = await examine({ origin: url, database }, [], away(-20_000))
    assert.equal(found.level('app_clock'), 'problem')
    assert.match(found.says('app_clock'), /is (19|20) s ahead of this machine's/)
  })

  describe('and its proxies', () => {
    const believesAll = (app: Parameters<NonNullable<HostOptions['before']>>[0]) => void app.set('trust proxy', true)

    it("that believe every X-Forwarded-For ('trust proxy' is true) are a warning", async () => {
      const { url, database } = await host({ before: believesAll })
      const found = await examine({ origin: url, database })
      assert.equal(found.level('processes_trust_proxy'), 'warning')
      assert.match(
        found.says('processes_trust_proxy'),
        /'trust proxy' is true.* -> write app\.set\('trust proxy', 1\).*proxyHops: 1/,
      )
    })

    it('that are counted are good', async () => {
      const counted = await host({ before: believesAll, proxyHops: 1 })
      const { url, database } = await host({ before: (app) => app.set('trust proxy', 1) })
      for (const app of [counted, { url, database }]) {
        const found = await examine({ origin: app.url, database: app.database })
        assert.equal(found.level('processes_trust_proxy'), 'ok')
      }
    })

    it('that the options count now are good, though the app has not been started again', async () => {
      const { url, database } = await host({ before: believesAll })
      const found = await examine({ origin: url, database, proxyHops: 1 })
      assert.match(found.says('processes_trust_proxy', 'ok'), /proxyHops: 1 decides/)
      assert.equal(found.level('processes_trust_proxy'), 'ok')
    })

    it('that were mended and started again are good', async () => {
      const { url, database, clock } = await host({ before: believesAll })
      assert.equal((await examine({ origin: url, database })).level('processes_trust_proxy'), 'warning')
      clock.advance(1_000)
      const mended = await host({ database, clock })
      assert.equal((await examine({ origin: mended.url, database })).level('processes_trust_proxy'), 'ok')
    })

    it('of an app that nobody has asked yet are not known', async () => {
      const { database } = await host({ before: believesAll })
      const found = await examine({ database })
      assert.equal(found.level('processes_trust_proxy'), undefined)
      assert.match(
        found.notChecked.find(({ section }) => section === 'processes')!.why,
        /no process has told anything yet/,
      )
    })

    it('are written down once per process, not at every request', async () => {
      let settings = 0
      const { url } = await host({
        before: (app) => {
          const get = app.get.bind(app) as (...args: unknown[]) => unknown
          app.get = ((...args: unknown[]) => {
            if (args.length === 1 && args[0] === 'trust proxy') settings += 1
            return get(...args)
          }) as typeof app.get
        },
      })
      const asked: number[] = []
      for (let i = 0; i < 3; i += 1) {
        await fetch(`${url}/security/sign-in`)
        asked.push(settings)
      }
      const [first, second, third] = asked as [number, number, number]
      assert.ok(first > second - first, 'the first page asks once more, to write it down')
      assert.equal(third - second, second - first)
    })
  })

  it('with processes that use Redis, and a configuration that does not, is a warning', async () => {
    const redis = await startRedis()
    open.push(redis)
    const { url, database, security } = await host({ redis: redis.url })
    const without = await examine({ origin: url, database })
    assert.equal(without.level('processes_redis'), 'warning')
    assert.match(
      without.says('processes_redis'),
      /other processes.* use Redis.* -> give all processes the same options/,
    )
    const same = await examine({ origin: url, database, redis: redis.url })
    assert.match(same.says('processes_redis', 'ok'), /processes with Redis are running/)
    await security.close()
    const away =
      'options.clock = { now: () => Date.now() + 240_000, monotonic: () => performance.now(), sleep: async () => {} }'
    const later = await examine({ database, redis: redis.url }, [], away)
    assert.match(later.says('processes_redis', 'ok'), /no process with Redis has run in the last three minutes/)
    assert.equal((await examine({ database }, [], away)).level('processes_redis'), undefined)
  })
})
