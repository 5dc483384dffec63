import sift from 'sift'
import type { Json } from '../data/document.ts'
import { Refused } from '../refused.ts'

const { createQueryTester, $all, $and, $elemMatch, $eq, $exists, $gt, $gte, $in, $lt, $lte, $mod } = sift
const { $ne, $nin, $nor, $not, $options, $or, $regex, $size, $type } = sift

/** All that MongoDB has for documents, but `$where`: it runs code. */
const OPERATIONS = {
  ...{ $all, $and, $elemMatch, $eq, $exists, $gt, $gte, $in, $lt, $lte, $mod },
  ...{ $ne, $nin, $nor, $not, $options, $or, $regex, $size, $type },
}

/** Whether a document fits a query such as `{"upcoming": false, "date_utc": {"$gte": "2020-01-01"}}`. */
export function testOf(query: unknown): (document: Json) => boolean {
  if (query === undefined || query === null) return () => true
  if (typeof query !== 'object' || Array.isArray(query)) throw new Refused('query is an object.')
  try {
    const test = createQueryTester(query as never, { operations: OPERATIONS })
    return document => test(document as never)
  } catch (error) {
    throw new Refused(`query isn't understood: ${error instanceof Error ? error.message : error}`)
  }
}
