import Bowser from 'bowser'
import maxmind, { type CityResponse, type Reader } from 'maxmind'
import { ConfigurationError } from '../../core/errors.js'

export type DeviceKind = 'desktop' | 'phone' | 'tablet' | 'unknown'

/** A browser as its User-Agent tells it; all of it untrusted text. */
export interface Device {
  kind: DeviceKind
  /** "Firefox on Linux", "Unknown device". */
  label: string
  browser: string | null
  system: string | null
}

const KINDS: Record<string, DeviceKind> = { desktop: 'desktop', mobile: 'phone', tablet: 'tablet' }
export const UNKNOWN: Device = { kind: 'unknown', label: 'Unknown device', browser: null, system: null }

export function deviceOf(userAgent: string | null): Device {
  if (!userAgent) return UNKNOWN // bowser throws on an empty text
  const { browser: program, os, platform } = Bowser.parse(userAgent)
  const kind = KINDS[platform.type ?? ''] ?? 'unknown'
  // "Safari on iPhone" tells more than "on iOS", which an iPad is as well
  const on = platform.vendor === 'Apple' && kind !== 'desktop' ? platform.model : os.name
  const browser = short(program.name || programOf(userAgent))
  const system = short(on)
  const label = [browser, system].filter(Boolean).join(' on ')
  return label ? { kind, label, browser, system } : UNKNOWN
}

const short = (text: string | undefined) => [...(text ?? '')].slice(0, 40).join('') || null

/** The name of a program that is no browser: "curl/8.5.0" is curl. Every browser calls itself Mozilla, so that is none. */
function programOf(userAgent: string): string | undefined {
  const name = /^([A-Za-z][\w.-]{1,30})\/\d/.exec(userAgent)?.[1]
  return name === 'Mozilla' ? undefined : name
}

/** Approximate place of an address in a language, in English where the database has no other: "Lisbon, Portugal", or null. */
export type Locate = (ip: string | null, language: string) => string | null

/** Reads a host-supplied MaxMind database (GeoLite2-City and alike); without one every place is unknown. */
export async function openLocations(path: string | undefined): Promise<Locate> {
  if (!path) return () => null
  let reader: Reader<CityResponse>
  try {
    reader = await maxmind.open<CityResponse>(path)
  } catch (cause) {
    throw new ConfigurationError(
      `locations: ${path} is not a readable .mmdb file; give the path of a city database, or leave it out`,
      { cause },
    )
  }
  return (ip, language) => {
    const found = ip && maxmind.validate(ip) ? reader.get(ip) : null
    const place = [found?.city?.names, found?.country?.names].map(nameIn(language)).filter(Boolean).join(', ')
    return place || null
  }
}

/** By the exact name of the language, or by that of its first part: `de` for `de-AT`. */
const nameIn = (language: string) => (names: object | undefined) => {
  const known = { ...names } as Record<string, string | undefined>
  return known[language] ?? known[language.split('-')[0]!] ?? known.en
}

/** What a row tells of the browser that it is about, as people see it. */
export const browserOf = (
  row: { user_agent: string | null; ip: string | null; created_at: number },
  locate: Locate,
  language: string,
) => ({
  device: deviceOf(row.user_agent),
  ip: row.ip,
  location: locate(row.ip, language),
  createdAt: new Date(row.created_at).toISOString(),
})

/** The one in front of the reader first. */
export const currentFirst = <V extends { current: boolean }>(views: readonly V[]): V[] =>
  views.toSorted((a, b) => Number(b.current) - Number(a.current))
