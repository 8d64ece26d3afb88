import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceOf, openLocations } from '../../src/features/sessions/devices.js'
import { ada, PASSWORDS, startHost } from '../support/host.js'
import { BASE } from '../support/browser.js'
import { mmdb } from '../support/mmdb.js'
import { tempFolder } from '../support/services.js'

const named = (en: string, de?: string) => ({ names: { en, pt: `${en} (pt)`, ...(de && { de }) } })

const NETWORKS = {
  '203.0.113.0/24': { city: { geoname_id: 2_267_057, ...named('Lisbon', 'Lissabon') }, country: named('Portugal') },
  '198.51.100.64/26': { country: named('Norway', 'Norwegen') },
  '192.0.2.7/32': { location: { time_zone: 'Europe/Oslo' } },
  '100.64.0.0/10': { city: named('São João da Ponte-sobre-o-Rio-Grande-do-Norte'), country: named('Brazil') },
  '2001:db8:abcd::/48': { city: named('Kyoto'), country: named('Japan') },
  '192.0.2.128/25': { city: { geoname_id: 1 }, country: { iso_code: 'XX' } },
  '192.0.2.64/26': { city: 'Porto', country: 'PT' }, // as other makers write it
  '192.0.2.8/32': { city: named('<script>alert(1)</script>'), country: named('"><img src=x>') },
}

const IOS = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const BLINK = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('Devices', () => {
  const devices: [string, string | null, string, string][] = [
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'desktop', ''],
    [
      'Chrome on Windows',
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/141.0.0.0 Safari/537.36`,
      'desktop',
      '',
    ],
    [
      'Microsoft Edge on Windows',
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`,
      'desktop',
      '',
    ],
    [
      'Safari on macOS',
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${IOS} Version/18.5 Safari/605.1.15`,
      'desktop',
      '',
    ],
    [
      'Chrome on Android',
      `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${BLINK} Chrome/141.0.0.0 Mobile Safari/537.36`,
      'phone',
      '',
    ],
    [
      'Safari on iPhone',
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${IOS} Version/18.5 Mobile/15E148 Safari/604.1`,
      'phone',
      '',
    ],
    [
      'Safari on iPad',
      `Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) ${IOS} Version/18.5 Mobile/15E148 Safari/604.1`,
      'tablet',
      '',
    ],
    ['curl', 'curl/8.5.0', 'unknown', ''],
    ['Unknown device', '', 'unknown', 'an empty one'],
    ['Unknown device', null, 'unknown', 'none'],
    ['Unknown device', '   ', 'unknown', 'blanks'],
    ['Unknown device', 'x'.repeat(2_000), 'unknown', '2,000 characters'],
    ['Unknown device', '('.repeat(2_000), 'unknown', '2,000 brackets'],
    ['Unknown device', '\u0000\u202e🦭', 'unknown', 'control characters'],
  ]
  for (const [label, agent, kind, name] of devices)
    it(`${name || agent} is "${label}"`, () => {
      const began = performance.now()
      const device = deviceOf(agent)
      assert.deepEqual({ kind: device.kind, label: device.label }, { kind, label })
      assert.ok(performance.now() - began < 100)
    })

  it('whatever a client says of itself, the label stays short', () => {
    for (const agent of [
      `Mozilla/5.0 (X11; ${'Linux '.repeat(300)}) Firefox/${'1'.repeat(2_000)}`,
      `Mozilla/5.0 (Linux; Android 15; ${'Pixel'.repeat(300)}) ${BLINK} Chrome/141.0 Mobile Safari/537.36`,
      `${'Foo'.repeat(300)}bot/1.0 (+https://${'a'.repeat(500)}.example)`,
    ])
      assert.ok(deviceOf(agent).label.length <= 84, deviceOf(agent).label)
  })
})

describe('Places', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let locations: string
  before(async () => {
    folder = await tempFolder()
    locations = join(folder.path, 'city.mmdb')
    await writeFile(locations, mmdb(NETWORKS))
  })
  after(() => folder.remove())

  it('are told by the database that the host supplies', async () => {
    const locate = await openLocations(locations)
    const places: [string | null, string | null][] = [
      ['203.0.113.0', 'Lisbon, Portugal'],
      ['203.0.113.255', 'Lisbon, Portugal'],
      ['203.0.114.0', null],
      ['203.0.112.255', null],
      ['198.51.100.63', null],
      ['198.51.100.64', 'Norway'],
      ['192.0.2.7', null],
      ['2001:db8:abcd:12::1', 'Kyoto, Japan'],
      ['2001:db8:abce::1', null],
      ['100.127.255.255', 'São João da Ponte-sobre-o-Rio-Grande-do-Norte, Brazil'],
      ['127.0.0.1', null],
      ['::1', null],
      ['192.0.2.200', null],
      ['192.0.2.65', null],
      [null, null],
      ['', null],
      ['unknown', null],
      ['999.1.1.1', null],
      ['<script>', null],
      ['203.0.113.9:443', null],
    ]
    for (const [address, place] of places) assert.equal(locate(address, 'en'), place, String(address))
  })

  it('are named in a language where the database has that, else in English', async () => {
    const locate = await openLocations(locations)
    const places: [string, string, string | null][] = [
      ['203.0.113.9', 'de', 'Lissabon, Portugal'],
      ['203.0.113.9', 'de-AT', 'Lissabon, Portugal'],
      ['203.0.113.9', 'pt', 'Lisbon (pt), Portugal (pt)'],
      ['203.0.113.9', 'pl', 'Lisbon, Portugal'],
      ['198.51.100.64', 'de', 'Norwegen'],
      ['192.0.2.200', 'de', null],
      ['192.0.2.65', 'de', null],
    ]
    for (const [address, language, place] of places) assert.equal(locate(address, language), place, language)
  })

  it('are named in the language of the page, and for a script in English', async () => {
    const german = { pages: { language: () => 'de' } }
    const [page, json] = await shown('203.0.113.9', { locations, ...german })
    assert.match(page, /Lissabon, Portugal/)
    assert.equal(json, 'Lisbon, Portugal')
  })

  /** What the list of sessions says of a browser that comes from an address, as page and as JSON. */
  async function shown(address: string, options = {}): Promise<[string, unknown, string]> {
    const host = await startHost({ ...options, people: [ada], before: (app) => app.set('trust proxy', 1) })
    try {
      const browser = host.browser()
      const headers = { 'X-Forwarded-For': address }
      const form = await browser.visit(`${BASE}/sign-in`, headers)
      await browser.submit(form, '/sign-in', { email: ada.email, password: PASSWORDS.u1! }, headers)
      const page = await browser.visit(`${BASE}/sessions`, headers)
      assert.deepEqual(host.errors, [])
      return [
        page.$('.sp-session').text().replace(/\s+/g, ' '),
        (await browser.sessions())[0]!.location,
        page.response.text,
      ]
    } finally {
      await host.close()
    }
  }

  it('stand in the list beside the address', async () => {
    const [row, location] = await shown('203.0.113.9', { locations })
    assert.match(row, /Chrome on Linux Current.*Lisbon, Portugal.*203\.0\.113\.9/)
    assert.equal(location, 'Lisbon, Portugal')
  })

  it('are unknown where nobody knows: no database, no such network, no names in it', async () => {
    for (const [address, options] of [
      ['203.0.113.9', {}],
      ['203.0.114.9', { locations }],
      ['192.0.2.200', { locations }],
      ['192.0.2.65', { locations }],
    ] as const) {
      const [row, location] = await shown(address, options)
      assert.match(row, new RegExp(`Unknown location.*${address}`))
      assert.equal(location, null)
    }
  })

  it('are text, even when the database is hostile', async () => {
    const [row, , html] = await shown('192.0.2.8', { locations })
    assert.match(row, /<script>alert\(1\)<\/script>, "><img src=x>/)
    assert.doesNotMatch(html, /<script>|<img/)
  })
})
