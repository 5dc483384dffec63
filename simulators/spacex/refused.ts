/** What is asked for can't be answered: 400, with these words. */
export class Refused extends TypeError {
  override readonly name = 'Refused'
}
