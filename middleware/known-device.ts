import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import { deviceOf } from '../src/features/sessions/devices.js'
import { KNOWN_MS, type KnownDevices } from '../src/features/known-devices/known-devices.js'
import { UserCookie } from './user-cookie.js'

interface Parts {
  devices: KnownDevices
  secrets: readonly string[]
  secure: boolean
  report: (error: unknown) => void
}

/** The cookie by which a browser is known as one in which a user has signed in. */
export class KnownDeviceCookie {
  readonly #parts: Parts
  readonly #cookie: UserCookie

  constructor(parts: Parts) {
    this.#parts = parts
    this.#cookie = new UserCookie({ name: 'device', purpose: 'known device', ...parts })
  }

  /** The token that this browser carries for a user, or null. */
  tokenFor(req: Request, userId: string): string | null {
    return this.#cookie.tokenFor(req, userId)
  }

  /** True when this browser says that somebody has signed in here before. Nothing of that is verified. */
  isClaimedBy(req: IncomingMessage): boolean {
    return this.#cookie.isCarriedBy(req)
  }

  /** True when the user has signed in before, and is not known in this browser. */
  isNew(req: Request, userId: string): Promise<boolean> {
    return this.#parts.devices.isNew(userId, this.tokenFor(req, userId))
  }

  /** Makes this browser a known device of the user who has just signed in. That it fails is told, and fails nothing. */
  async remember(req: Request, userId: string, epoch: number): Promise<void> {
    try {
      const { label } = deviceOf(req.get('user-agent') ?? null)
      const token = await this.#parts.devices.remember({ userId, epoch }, this.tokenFor(req, userId), label)
      if (token !== null) this.#cookie.send(req, userId, token, KNOWN_MS)
    } catch (error) {
      this.#parts.report(error)
    }
  }
}
