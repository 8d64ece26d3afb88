/** Fails, with `late`, when `work` has not ended after so many milliseconds. The work itself goes on; its end is nobody's concern then. */
export async function inTime<T>(work: Promise<T>, ms: number, late = () => new Error('no answer in time')): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, fail) => {
    // once more round the event loop: where the host has held it up, the answer may be there, unread
    timer = setTimeout(() => setImmediate(() => fail(late())), ms)
  })
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
