import { inTime } from '../../core/in-time.js'
import type { User, UserDirectory } from '../../core/users.js'
import type { Mail } from '../../core/mail.js'
import { addressOf } from './addresses.js'
import type { Claimed, MailOrder, Outbox } from './outbox.js'
import type { Transport } from './transport.js'

const POLL_MS = 2_000
/** So many mails at once: a mail server that hangs holds up that many, and nothing else. */
const LANES = 4
const DEADLINE_MS = 10_000
/** So long a process that ends waits for what it is sending; what is not over then is sent by another, or after a restart. */
const FAREWELL_MS = 2_000

export interface Parts {
  outbox: Outbox
  users: UserDirectory
  transport: Transport
  /** Makes the mail, for one address; `id` is that of the row. */
  render: (order: MailOrder, user: User, to: { id: string; address: string }) => Mail
  report: (error: unknown) => void
  /** How long finding the user may take, and sending as well. @default 10 s */
  deadlineMs?: number
}

/**
 * Sends what is in the outbox, beside the requests: when a mail was written, and every two seconds what others have
 * written, or what is tried again. Any number of processes may do it. A mail is sent at least once, with the same Message-ID.
 */
export class Dispatcher {
  readonly #parts: Parts
  readonly #lanes = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  /** What is out of order, and was told. */
  readonly #told = new Set<'sql' | 'mail'>()
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.wake(), POLL_MS).unref()
    parts.outbox.onCommit(() => this.wake())
  }

  /** There may be something to send. Returns at once. */
  wake(): void {
    if (this.#closed || this.#lanes.size >= LANES) return
    const lane = new Promise<void>((go) => setImmediate(go)).then(() => this.#drain())
    this.#lanes.add(lane)
    void lane.finally(() => this.#lanes.delete(lane))
  }

  /** Stops. What is being sent gets a moment to end. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await inTime(Promise.all(this.#lanes), FAREWELL_MS).catch(() => this.#parts.transport.close())
    this.#parts.transport.close()
  }

  /** Sends one after the other until nothing is due; never fails. */
  async #drain(): Promise<void> {
    try {
      while (!this.#closed) {
        const claimed = await this.#parts.outbox.claim()
        this.#told.delete('sql')
        if (!claimed) return
        this.wake() // there may be more: another lane looks
        await this.#send(claimed)
      }
    } catch (error) {
      this.#tell('sql', error)
    }
  }

  async #send(claimed: Claimed): Promise<void> {
    const { outbox } = this.#parts
    let why: string | null
    try {
      why = await this.#attempt(claimed)
    } catch (error) {
      if (this.#closed) return // it is not the mail server's fault; the claim runs out by itself
      this.#tell('mail', error)
      return outbox.failed(claimed, reasonOf(error))
    }
    if (why === null) await outbox.done(claimed)
    else await outbox.giveUp(claimed, why)
  }

  /** Null: it was sent; else why it never will be. */
  async #attempt(claimed: Claimed): Promise<string | null> {
    const { outbox, users, transport, render, deadlineMs = DEADLINE_MS } = this.#parts
    const order = outbox.open(claimed)
    if (outbox.isOver(order)) return 'its link was good no more before it could be sent'
    const late = () => new Error('users.findById has not answered in time')
    const user = await inTime(users.findById(order.userId), deadlineMs, late)
    const address = user && addressOf(order.to ?? user.email)
    if (!address) return 'the user is gone, or has no usable e-mail address'
    await transport.send(render(order, user, { id: claimed.id, address }), deadlineMs)
    this.#told.delete('mail')
    return null
  }

  /** An outage is told once, until it is over. */
  #tell(what: 'sql' | 'mail', error: unknown): void {
    if (this.#closed || this.#told.has(what)) return
    this.#told.add(what)
    this.#parts.report(error)
  }
}

const LONGEST_REASON = 200

/** For the operator's eyes. What may be a token of a link in the mail is left out. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text
    .replace(/[\w-]{20,}/g, '...')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, LONGEST_REASON)
}
