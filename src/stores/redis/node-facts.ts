import { sha256 } from '../../core/crypto.js'
import { ConfigurationError } from '../../core/errors.js'

/** What a node says of itself in `INFO`. */
export interface NodeFacts {
  /** Run id and replication id: a node that was restarted, restored or promoted is another one. Null unless it is a master. */
  identity: string | null
  isMaster: boolean
  /** It is a node of a Cluster. */
  isClustered: boolean
  evictionPolicy: string | null
}

export function factsIn(info: string): NodeFacts {
  const [run, replication] = [field(info, 'run_id'), field(info, 'master_replid')]
  const isMaster = field(info, 'role') === 'master'
  return {
    identity: run && replication && isMaster ? sha256(`${run} ${replication}`).slice(0, 16) : null,
    isMaster,
    isClustered: field(info, 'cluster_enabled') === '1',
    evictionPolicy: field(info, 'maxmemory_policy') ?? null,
  }
}

/** Without "noeviction" Redis drops session data under memory pressure, silently. */
export function evictionProblem({ evictionPolicy }: NodeFacts, name: string): ConfigurationError | null {
  if (evictionPolicy === null || evictionPolicy === 'noeviction') return null
  return new ConfigurationError(
    `Redis ${name} may evict keys (maxmemory-policy ${evictionPolicy}); write "maxmemory-policy noeviction" into its ` +
      'configuration',
  )
}

const field = (info: string, name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
