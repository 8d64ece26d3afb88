const EVERY_MS = 600_000

/** Deletes every ten minutes what is forgotten. Returns how to stop. */
export function startPruning(
  stores: readonly { prune(): Promise<void> }[],
  report: (error: unknown) => void,
): () => void {
  const prune = async () => {
    for (const store of stores) await store.prune().catch(report)
  }
  const timer = setInterval(() => void prune(), EVERY_MS).unref()
  return () => clearInterval(timer)
}
