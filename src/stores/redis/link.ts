import type { NodeClient } from './node-client.js'

/** A reply, and the identity of the node that gave it: null until the connection it came over has confirmed it. */
export interface Reply<T> {
  value: T
  identity: string | null
}

/** Redis, however it is made up: one node, the one that Sentinel names, or the masters of a Cluster. */
export interface RedisLink {
  /**
   * Sends a command about `key` to the node that serves it, in this very tick. Fails with StoreUnavailable, and never
   * waits longer than the deadline of 500 ms.
   */
  send<T>(key: string, command: (client: NodeClient) => Promise<T>): Promise<Reply<T>>
  /** Tells every process, whichever node it listens at. Fails as `send` does. */
  publish(channel: string, message: string): Promise<void>
  /** A new client for pub/sub, which blocks all other commands. It is not connected yet, and never connects anew. */
  subscriber(): NodeClient
  /** Asks every node who it is. Called on every beat of the tail, which so notices a change of role. */
  identify(): Promise<void>
  /** Milliseconds since this process last met a new node, a new connection or a new owner of a slot; 0 while it does not know. */
  readonly identityAgeMs: number
  close(): void
}

/** What every link is given: time, and somebody to tell of errors that no request waits for. */
export interface LinkParts {
  clock: { monotonic(): number }
  report: (error: unknown) => void
}
