import { mmdb } from '../support/mmdb.js'

/** Somebody's browser, and where it is: the address is what the proxy before the demo says. */
export interface Device {
  agent: string
  address: string
}

const named = (en: string, de = en) => ({ names: { de, en } })
const place = (city: ReturnType<typeof named>, country: ReturnType<typeof named>) => ({ city, country })
const portugal = named('Portugal')

/** The networks of RFC 5737 and RFC 3849, which are nobody's, with places. */
export const locations = (): Buffer =>
  mmdb({
    '203.0.113.0/24': place(named('Lisbon', 'Lissabon'), portugal),
    '198.51.100.0/24': place(named('Porto'), portugal),
    '192.0.2.0/24': place(named('Stockholm'), named('Sweden', 'Schweden')),
    '2001:db8::/32': place(named('Utrecht'), named('Netherlands', 'Niederlande')),
  })

const CHROMIUM = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0'
const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0'

export const AGENTS = {
  firefoxOnLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  chromeOnWindows: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Safari/537.36`,
  edgeOnWindows: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Safari/537.36 Edg/142.0.0.0`,
  safariOnMac: `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Safari/605.1.15`,
  safariOnPhone: `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} Mobile/15E148 Safari/604.1`,
  chromeOnPhone: `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${CHROMIUM} Mobile Safari/537.36`,
  safariOnTablet: `Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) ${WEBKIT} Mobile/15E148 Safari/604.1`,
  curl: 'curl/8.14.1',
  /** Tells nothing, as some scripts and privacy tools do. */
  silent: '',
}

export const DEVICES = {
  laptop: { agent: AGENTS.firefoxOnLinux, address: '203.0.113.24' },
  phone: { agent: AGENTS.safariOnPhone, address: '203.0.113.87' },
  tablet: { agent: AGENTS.safariOnTablet, address: '198.51.100.9' },
  officePc: { agent: AGENTS.edgeOnWindows, address: '192.0.2.150' },
  mac: { agent: AGENTS.safariOnMac, address: '2001:db8:51:7::c4' },
  android: { agent: AGENTS.chromeOnPhone, address: '198.51.100.201' },
  script: { agent: AGENTS.curl, address: '10.20.30.40' },
  silent: { agent: AGENTS.silent, address: '192.0.2.77' },
} satisfies Record<string, Device>

/** The device of somebody who has many. */
export function oneOfMany(i: number): Device {
  const agents = Object.values(AGENTS)
  const networks = ['203.0.113', '198.51.100', '192.0.2', '10.20.30']
  return { agent: agents[(i * 5) % agents.length]!, address: `${networks[i % networks.length]}.${20 + i}` }
}
