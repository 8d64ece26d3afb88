/** What the host keeps in `req.session`, as stored: it belongs to one session, or to a visitor (`owner` null). */
export interface StoredData {
  owner: string | null
  session: Record<string, unknown>
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** Where session data is kept. It decides nothing: it may be lost, late or old without letting anybody in. */
export interface SessionData {
  load(idHash: string): Promise<StoredData | null>
  save(idHash: string, data: StoredData): Promise<void>
  remove(idHash: string): Promise<void>
}
