//! The random numbers of Go's `math/rand`, as a program draws them that seeds it: what the published runs of traces were
//! shuffled with.
//!
//! Source: `src/math/rand/{rng.go,rand.go,gen_cooked.go}` of Go 1. An additive lagged Fibonacci generator, `x[n] = x[n - 607] +
//! x[n - 273] mod 2^64`. Its seed is mixed with the state that a generator seeded with 1 has after 7.8 x 10^12 numbers. Go has
//! that state as a table; here it is computed. The recurrence is linear, so the number `n` ahead is the sum of 607 known ones
//! weighted with the coefficients of `z^n` modulo `z^607 - z^334 - 1`, and powers are found by squaring.

use std::sync::OnceLock;

const LENGTH: usize = 607;
/// How far the newer summand is from the next number: 607 - 273.
const NEWER: usize = 334;
const MIXED_AFTER: u64 = 7_800_000_000_000;
const MODULUS: i64 = (1 << 31) - 1;
/// What Go seeds with instead of 0.
const INSTEAD_OF_ZERO: i64 = 89_482_311;

/// A generator.
#[derive(Clone, Debug)]
pub(super) struct GoRandom {
    state: Vec<u64>,
    tap: usize,
    feed: usize,
}

impl GoRandom {
    /// The generator of `rand.Seed`.
    pub(super) fn new(seed: i64) -> Self {
        let mixed = MIXED.get_or_init(mixed);
        let state = seeded(seed, [40, 20, 0]).iter().zip(mixed).map(|(seeded, mixed)| seeded ^ mixed).collect();
        Self { state, tap: 0, feed: NEWER }
    }

    /// `Int63`: 63 random bits. `Int` is the same.
    pub(super) fn int63(&mut self) -> i64 {
        self.tap = (self.tap + LENGTH - 1) % LENGTH;
        self.feed = (self.feed + LENGTH - 1) % LENGTH;
        let next = self.state[self.feed].wrapping_add(self.state[self.tap]);
        self.state[self.feed] = next;
        next as i64 & i64::MAX
    }

    /// `Intn`, for 1 to 2^31 - 1: below `n`.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let mut draw = || (self.int63() >> 32) as u32;
        if n.is_power_of_two() {
            return draw() & (n - 1);
        }
        let largest = (1_u32 << 31) - 1 - (1 << 31) % n;
        let mut drawn = draw();
        while drawn > largest {
            drawn = draw();
        }
        drawn % n
    }

    /// `Shuffle`, of fewer than 2^31 things.
    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.part_of(last as u32 + 1) as usize);
        }
    }

    /// `Perm`, of fewer than 2^31 numbers.
    pub(super) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut numbers = vec![0; n];
        for i in 0..n {
            let j = self.below(i as u32 + 1) as usize;
            numbers[i] = numbers[j];
            numbers[j] = i;
        }
        numbers
    }

    /// Below `n`, as the shuffle draws it: the high half of a product.
    fn part_of(&mut self, n: u32) -> u32 {
        let mut draw = || u64::from((self.int63() >> 31) as u32) * u64::from(n);
        let mut product = draw();
        if (product as u32) < n {
            let uneven = n.wrapping_neg() % n;
            while (product as u32) < uneven {
                product = draw();
            }
        }
        (product >> 32) as u32
    }
}

static MIXED: OnceLock<Vec<u64>> = OnceLock::new();

/// 607 numbers of three draws each of a multiplicative generator, put together with these shifts.
fn seeded(seed: i64, shifts: [u32; 3]) -> Vec<u64> {
    let mut x = match seed.rem_euclid(MODULUS) {
        0 => INSTEAD_OF_ZERO,
        seed => seed,
    };
    let mut draw = || {
        x = x * 48_271 % MODULUS;
        x as u64
    };
    for _ in 0..20 {
        draw();
    }
    (0..LENGTH).map(|_| shifts.iter().fold(0, |bits, shift| bits ^ draw() << shift)).collect()
}

/// The state that seeds are mixed with.
fn mixed() -> Vec<u64> {
    // The state is overwritten downwards from below the feed: that is the order in which its numbers are old.
    let place = |age: u64| ((NEWER as u64 - 1 + LENGTH as u64 - age % LENGTH as u64) % LENGTH as u64) as usize;
    let state = seeded(1, [20, 10, 0]);
    let mut numbers: Vec<u64> = (0..LENGTH as u64).map(|age| state[place(age)]).collect();
    for n in LENGTH..2 * LENGTH {
        numbers.push(numbers[n - LENGTH].wrapping_add(numbers[n - LENGTH + NEWER]));
    }
    let weights = power(MIXED_AFTER);
    let mut mixed = vec![0; LENGTH];
    for age in 0..LENGTH {
        let terms = weights.iter().zip(&numbers[age..]).map(|(weight, number)| weight.wrapping_mul(*number));
        mixed[place(MIXED_AFTER + age as u64)] = terms.fold(0, u64::wrapping_add);
    }
    mixed
}

/// The coefficients of `z^exponent` modulo the recurrence's polynomial.
fn power(exponent: u64) -> Vec<u64> {
    let mut result = vec![0_u64; LENGTH];
    result[0] = 1;
    for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
        let mut product = vec![0_u64; 2 * LENGTH];
        for (i, a) in result.iter().enumerate() {
            for (sum, b) in product[i..].iter_mut().zip(&result) {
                *sum = sum.wrapping_add(a.wrapping_mul(*b));
            }
        }
        if exponent >> bit & 1 == 1 {
            product.rotate_right(1);
        }
        for high in (LENGTH..2 * LENGTH).rev() {
            let coefficient = std::mem::take(&mut product[high]);
            for low in [high - LENGTH, high - LENGTH + NEWER] {
                product[low] = product[low].wrapping_add(coefficient);
            }
        }
        product.truncate(LENGTH);
        result = product;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_a_go_program() {
        // rand.New(rand.NewSource(1)).Int63(), as every Go program without a seed printed it for years.
        let mut one = GoRandom::new(1);
        let first = [5_577_006_791_947_779_410, 8_674_665_223_082_153_551, 6_129_484_611_666_145_821];
        assert_eq!([one.int63(), one.int63(), one.int63()], first);
        let mut one = GoRandom::new(1);
        assert_eq!([one.below(100), one.below(100), one.below(100), one.below(100)], [81, 87, 47, 59]);
    }

    #[test]
    fn jumping_ahead_is_stepping() {
        let mut numbers: Vec<u64> = (0..LENGTH as u64).map(|i| i * i + 1).collect();
        for n in LENGTH..2000 {
            numbers.push(numbers[n - LENGTH].wrapping_add(numbers[n - LENGTH + NEWER]));
        }
        for ahead in [0, 1, 606, 607, 608, 1999] {
            let terms = power(ahead).into_iter().zip(&numbers).map(|(weight, number)| weight.wrapping_mul(*number));
            assert_eq!(terms.fold(0, u64::wrapping_add), numbers[ahead as usize], "{ahead}");
        }
    }

    #[test]
    fn what_is_shuffled_and_permuted_is_still_there() {
        let mut random = GoRandom::new(7);
        let mut things: Vec<usize> = (0..100).collect();
        random.shuffle(&mut things);
        let mut numbers = random.permutation(100);
        assert!(!things.is_sorted() && !numbers.is_sorted());
        things.sort_unstable();
        numbers.sort_unstable();
        assert_eq!(things, (0..100).collect::<Vec<_>>());
        assert_eq!(numbers, things);
        random.shuffle::<u8>(&mut []);
        assert!(random.permutation(0).is_empty());
    }
}
