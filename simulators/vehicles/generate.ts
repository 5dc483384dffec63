import { createRandom, type Random } from '../rockets/random.ts'
import type { Detection } from './detection.ts'

type Model = readonly [make: string, model: string, category: string]

/**
 * Three in ten are SUVs, as in the real traffic, whose categories aren't tidy either: some name several, and some run into
 * the year.
 */
const MODELS: readonly Model[] = [
  ['Toyota', 'Land Cruiser', 'SUV'],
  ['Audi', 'Q3', 'SUV'],
  ['Cadillac', 'Escalade ESV', 'SUV'],
  ['Chevrolet', 'Tahoe', 'SUV'],
  ['Jeep', 'Wrangler', 'SUV'],
  ['Land Rover', 'Discovery', 'SUV'],
  ['Chevrolet', 'Malibu', 'Sedan'],
  ['Acura', 'RLX', 'Sedan'],
  ['Toyota', 'Camry', 'Sedan'],
  ['Mercedes-Benz', 'E-Class', 'Sedan'],
  ['Ford', 'F150 Super Cab', 'Pickup'],
  ['Ram', '1500 Crew Cab', 'Pickup'],
  ['GMC', 'Sierra 1500', 'Pickup'],
  ['Honda', 'Odyssey', 'Van/Minivan'],
  ['Volkswagen', 'Golf', 'Hatchback'],
  ['Nissan', 'GT-R', 'Coupe'],
  ['Chevrolet', 'Corvette', 'Coupe, Convertible'],
  ['MAZDA', 'MX-5 Miata', 'Convertible'],
  ['Subaru', 'Outback', 'Wagon, SUV'],
  ['Volvo', 'V60', 'Wagon'],
]
const FIRST_YEAR = 1992
const LAST_YEAR = 2020
const YEAR_IN_CATEGORY = 0.001

/** Detections without an end; the same seed gives the same ones. */
export function* generateDetections(seed: number): Generator<Detection, void, undefined> {
  const random = createRandom(seed, 'detections')
  for (;;) {
    const [make, model, category] = oneOf(random, MODELS)
    const year = FIRST_YEAR + random.below(LAST_YEAR - FIRST_YEAR + 1)
    const shown = random.chance(YEAR_IN_CATEGORY) ? `${category}${year}` : category
    yield { Year: year, Make: make, Model: model, Category: shown }
  }
}

function oneOf(random: Random, models: readonly Model[]): Model {
  return models[random.below(models.length)] as Model
}
