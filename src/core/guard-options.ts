// Apart from the guards themselves, whose types know the gate's inside: what a host's compiler reads stays light.

export interface ApiKeyOptions {
  /** What the key must be allowed to do, e.g. `['invoices:read']`. */
  scopes: readonly string[]
}
