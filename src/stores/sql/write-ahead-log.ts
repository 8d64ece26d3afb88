import { open, type FileHandle } from 'node:fs/promises'
import { StoreUnavailable } from '../../core/errors.js'

/**
 * SQLite's write-ahead log, as a file that has to be on the disk before a commit is answered. Asked for by SQLite itself
 * (`synchronous = full`) the disk would be waited for in the thread that answers requests; here it is waited for in
 * libuv's pool, and commits that come meanwhile share the next wait. What was committed before is in the same file, so
 * nothing that was answered rests on a commit that can be lost.
 */
export class WriteAheadLog {
  readonly #path: string
  #file: Promise<FileHandle> | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** After a failure the kernel may have dropped what it could not write: a later success would prove nothing. */
  #failed: StoreUnavailable | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Resolves when all that has been committed so far is on the disk. Throws StoreUnavailable. */
  onDisk(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next])
    await this.#file?.then(
      (file) => file.close(),
      () => {},
    )
  }

  #start(): Promise<void> {
    this.#next = undefined
    const running = this.#write().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }

  async #write(): Promise<void> {
    if (this.#failed) throw this.#failed
    try {
      this.#file ??= open(this.#path, 'r+')
      await (await this.#file).datasync()
    } catch (error) {
      throw (this.#failed = new StoreUnavailable('sql', error))
    }
  }
}
