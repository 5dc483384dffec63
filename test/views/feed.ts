import type { View } from '../../src/feed/view.ts'
import { defineFeed, http, integer, Type, text } from '../../src/index.ts'

/** Sales of things, and views over them. */
export const salesFeed = (views: Readonly<Record<string, View>>, name = 'sales') =>
  defineFeed({
    name,
    source: http({ path: `/${name}` }),
    event: Type.Object({ thing: Type.String(), price: Type.Integer() }),
    identity: { position: true },
    tables: { [name]: { columns: { thing: text('thing'), price: integer('price') } } },
    views,
  })

export const sale = (thing: string, price: number): string => JSON.stringify({ thing, price })

export const BY_THING: View = {
  sql: 'select thing, count(*) as sold, sum(price) as total from sales group by thing',
  key: ['thing'],
}
