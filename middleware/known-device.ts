import type { Request } from 'express'
import { Signer } from '../src/core/crypto.js'
import { deviceOf } from '../src/features/sessions/devices.js'
import { KNOWN_MS, type KnownDevices } from '../src/features/known-devices/known-devices.js'
import { cookieNames, pageCookie, readCookie } from './cookies.js'

/** A browser that many people sign in with keeps so many of these cookies: all of them go out with every request. */
const PER_BROWSER = 5
const NAME_LENGTH = 12

interface Parts {
  devices: KnownDevices
  secrets: readonly string[]
  secure: boolean
  report: (error: unknown) => void
}

/**
 * The cookie by which a browser is known as one in which a user has signed in. One per user, named by a keyed hash of
 * the user's id, so that neither the next person at this browser nor anybody else learns whose it is.
 */
export class KnownDeviceCookie {
  readonly #parts: Parts
  readonly #signers: Signer[]

  constructor(parts: Parts) {
    this.#parts = parts
    this.#signers = parts.secrets.map((secret) => new Signer([secret], 'known device'))
  }

  /** The token that this browser carries for a user, or null. */
  tokenFor(req: Request, userId: string): string | null {
    return this.#names(userId).reduce<string | null>((found, name) => found ?? readCookie(req, name), null)
  }

  /** Makes this browser a known device of the user who has just signed in. That it fails is told, and fails nothing. */
  async remember(req: Request, userId: string, epoch: number): Promise<void> {
    try {
      const { label } = deviceOf(req.get('user-agent') ?? null)
      const token = await this.#parts.devices.remember({ userId, epoch }, this.tokenFor(req, userId), label)
      if (token !== null) this.#send(req, userId, token)
    } catch (error) {
      this.#parts.report(error)
    }
  }

  #send(req: Request, userId: string, token: string): void {
    const { res } = req
    if (!res || res.headersSent) return
    const names = this.#names(userId)
    const { options, name: prefix } = this.#cookie('')
    res.cookie(names[0]!, token, { ...options, maxAge: KNOWN_MS })
    const known = cookieNames(req).filter((name) => name.startsWith(prefix) && name !== names[0])
    const others = known.filter((name) => !names.includes(name))
    // a browser sends the cookie that it has had longest first (RFC 6265, 5.4)
    const surplus = others.slice(0, Math.max(0, others.length - (PER_BROWSER - 1)))
    for (const name of [...surplus, ...known.filter((name) => names.includes(name))]) res.clearCookie(name, options)
  }

  /** Under each secret, the newest first: a browser stays known while secrets rotate. */
  #names(userId: string): string[] {
    return this.#signers.map((signer) => this.#cookie(signer.sign(userId).slice(0, NAME_LENGTH)).name)
  }

  #cookie = (suffix: string) => pageCookie(`device_${suffix}`, this.#parts.secure)
}
