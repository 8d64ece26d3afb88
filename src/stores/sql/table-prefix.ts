import {
  OperationNodeTransformer,
  type IdentifierNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely'

/** What the names of our tables and indexes begin with, here in the code and by default. */
const OUR_PREFIX = 'security_'

class Renamed extends OperationNodeTransformer {
  constructor(readonly prefix: string) {
    super()
  }

  /** No column, alias or parameter begins like our tables, so that every identifier may be asked. */
  protected override transformIdentifier(node: IdentifierNode): IdentifierNode {
    if (!node.name.startsWith(OUR_PREFIX)) return node
    return { ...node, name: this.prefix + node.name.slice(OUR_PREFIX.length) }
  }
}

/** Gives our tables and indexes names that begin otherwise, in each statement as it is compiled. */
class TablePrefix implements KyselyPlugin {
  readonly #renamed: Renamed

  constructor(prefix: string) {
    this.#renamed = new Renamed(prefix)
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return this.#renamed.transformNode(node)
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result)
  }
}

/** What kysely needs for tables whose names begin with `prefix`; nothing for ours as they are. */
export const prefixPlugins = (prefix = OUR_PREFIX): KyselyPlugin[] =>
  prefix === OUR_PREFIX ? [] : [new TablePrefix(prefix)]
