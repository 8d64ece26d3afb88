/** Fails when `work` has not ended after so many milliseconds. The work itself goes on; its end is nobody's concern then. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    // once more round the event loop: where the host has held it up, the answer may be there, unread
    timer = setTimeout(() => setImmediate(() => fail(new Error('no answer in time'))), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
