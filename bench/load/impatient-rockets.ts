import rockets from '../../feeds/rockets.ts'

/** The rockets, whose holes are given up after a second: who gave up holes while catching up would show it. */
export default { ...rockets, declaration: { ...rockets.declaration, gaps: { wait: '1s' } } }
