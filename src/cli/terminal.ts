import type { Writable } from 'node:stream'
import { withoutSecrets } from './redact.js'

/** Where a command prints. Whatever it prints, no secret that it was told of is in it. */
export class Terminal {
  readonly #out: Writable
  readonly #err: Writable
  readonly #secrets = new Set<string>()

  constructor(out: Writable, err: Writable) {
    this.#out = out
    this.#err = err
  }

  /** Columns to write in. */
  get columns(): number {
    const columns = 'columns' in this.#out && typeof this.#out.columns === 'number' ? this.#out.columns : 100
    return Math.min(Math.max(columns, 60), 120)
  }

  /** From now on these texts are printed as `[hidden]`. */
  hide(secrets: Iterable<string>): void {
    for (const secret of secrets) this.#secrets.add(secret)
  }

  /** A text of others, such as a server's error, as it may be printed: one line, no secret, no control character. */
  harmless(text: string): string {
    // a server's text must not move the cursor or forge a line of ours (invariant 10)
    return withoutSecrets(text, this.#secrets).replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
  }

  print(text: string): void {
    this.#out.write(`${withoutSecrets(text, this.#secrets)}\n`)
  }

  /** Prints to the error output. */
  complain(text: string): void {
    const safe = withoutSecrets(text, this.#secrets).replace(/[^\P{Cc}\n]/gu, ' ')
    this.#err.write(`${safe}\n`)
  }

  /** Resolves when all that was printed has been handed on. */
  async flushed(): Promise<void> {
    await Promise.all(
      [this.#out, this.#err].map((stream) => new Promise<void>((done) => void stream.write('', () => done()))),
    )
  }
}
