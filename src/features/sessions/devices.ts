import Bowser from 'bowser'
import maxmind, { type CityResponse, type Reader } from 'maxmind'
import { ConfigurationError } from '../../core/errors.js'

export type DeviceKind = 'desktop' | 'phone' | 'tablet' | 'unknown'

/** A browser as its User-Agent tells it; all of it untrusted text. */
export interface Device {
  kind: DeviceKind
  /** "Firefox on Linux", "Unknown device". */
  label: string
}

const KINDS: Record<string, DeviceKind> = { desktop: 'desktop', mobile: 'phone', tablet: 'tablet' }
const UNKNOWN: Device = { kind: 'unknown', label: 'Unknown device' }

export function deviceOf(userAgent: string | null): Device {
  if (!userAgent) return UNKNOWN // bowser throws on an empty text
  const { browser, os, platform } = Bowser.parse(userAgent)
  const name = (text: string | undefined) => text?.slice(0, 40) || undefined
  const label = [name(browser.name), name(os.name)].filter(Boolean).join(' on ')
  return label ? { kind: KINDS[platform.type ?? ''] ?? 'unknown', label } : UNKNOWN
}

/** Approximate place of an address: "Lisbon, Portugal", or null. */
export type Locate = (ip: string | null) => string | null

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
  return (ip) => {
    const found = ip && maxmind.validate(ip) ? reader.get(ip) : null
    const place = [found?.city?.names.en, found?.country?.names.en].filter(Boolean).join(', ')
    return place || null
  }
}
