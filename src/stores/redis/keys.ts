/** Both keys of a session share a hash tag, so that they live in one slot of a Cluster and cost one round trip. */
export const hotKey = (idHash: string): string => `sallyport:{${idHash}}:hot`
export const dataKey = (idHash: string): string => `sallyport:{${idHash}}:data`
export const ENDED_CHANNEL = 'sallyport:ended'
export const limitKey = (id: string): string => `sallyport:{${id}}:limit`
