import { ENDED_CHANNEL } from './keys.js'
import type { RedisLink } from './link.js'
import { Subscription } from './subscription.js'

/** Tells the other processes which sessions have ended. Faster than the tail, and no more than that: a lost message is caught up with there. */
export class Broadcast {
  readonly #link: RedisLink
  readonly #subscription: Subscription

  private constructor(link: RedisLink, subscription: Subscription) {
    this.#link = link
    this.#subscription = subscription
  }

  /** `onEnded` hears of sessions by public id; `onGap` is called when messages may have been missed. */
  static async open(
    link: RedisLink,
    hear: { onEnded: (publicIds: string[]) => void; onGap: () => void; report: (error: unknown) => void },
  ): Promise<Broadcast> {
    const { onEnded, onGap, report } = hear
    const onMessage = (text: string) => onEnded(publicIdsIn(text))
    return new Broadcast(link, await Subscription.open(link, ENDED_CHANNEL, { onMessage, onGap, report }))
  }

  async ended(publicIds: readonly string[]): Promise<void> {
    if (publicIds.length > 0) await this.#link.publish(ENDED_CHANNEL, JSON.stringify(publicIds))
  }

  close(): void {
    this.#subscription.close()
  }
}

function publicIdsIn(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}
