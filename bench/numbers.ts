/** The value below which `percent` of the values lie; of two in the middle, their mean. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = ((sorted.length - 1) * percent) / 100
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return low === undefined || high === undefined ? NaN : low + (high - low) * (place % 1)
}

export const median = (values: readonly number[]): number => percentile(values, 50)
