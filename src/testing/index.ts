/** For a feed's own tests: `import { assertOrderIndependent, foldFeed } from 'groundstation/testing'`. */
export { type ExpectedRow, type FeedFold, type FoldOptions, foldFeed } from './fold-feed.ts'
export type { GivenEvent } from './intake.ts'
export { assertOrderIndependent, type OrderOptions } from './order.ts'
