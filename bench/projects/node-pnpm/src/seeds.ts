export interface Seed {
  name: string;
  sow: string;
}

export const seeds: Seed[] = [
  { name: "broad bean", sow: "sow in february" },
  { name: "kale", sow: "sow in may" },
];
