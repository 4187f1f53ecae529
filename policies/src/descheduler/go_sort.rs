//! Sorts as Go's `sort.Slice` does: not stable, and where values are equal the order is what the algorithm makes of it.
//!
//! It is a pattern-defeating quicksort (O. R. L. Peters, "Pattern-defeating Quicksort", 2021) with Go's constants and Go's choices.
//! Upstream's comparisons call some equal pods less than each other, so that nothing but the same steps gives the same order.
//!
//! Source: Go's `src/sort/zsortfunc.go` and `src/sort/sort.go`, since Go 1.19.

/// Up to so many values are sorted by insertion.
const INSERTION: usize = 12;
/// From here on the pivot is the median of three medians, and values out of order are shifted.
const LONG: usize = 50;
/// How many values out of order are shifted before it is given up.
const SHIFTS: usize = 5;
/// How often the median of three medians of three swaps if the values are in falling order.
const ALL_SWAPPED: usize = 12;

/// Sorts the values by `less`.
pub(super) fn sort<T: Copy>(values: &mut [T], less: impl Fn(T, T) -> bool) {
    let (end, bad_pivots) = (values.len(), bit_length(values.len()));
    Sorter { values, less }.quick(0, end, bad_pivots);
}

const fn bit_length(n: usize) -> u32 {
    usize::BITS - n.leading_zeros()
}

struct Sorter<'v, T, F> {
    values: &'v mut [T],
    less: F,
}

/// What the choice of a pivot says of the order of the values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Rising,
    Falling,
    Unknown,
}

impl<T: Copy, F: Fn(T, T) -> bool> Sorter<'_, T, F> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(self.values[a], self.values[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.values.swap(a, b);
    }

    /// Sorts a range; `bad_pivots` says how many of them there may be before it is left to the heap.
    fn quick(&mut self, mut from: usize, mut to: usize, mut bad_pivots: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = to - from;
            if length <= INSERTION {
                return self.insert(from, to);
            }
            if bad_pivots == 0 {
                return self.heap(from, to);
            }
            if !balanced {
                self.break_patterns(from, to);
                bad_pivots -= 1;
            }
            let (mut pivot, mut order) = self.choose_pivot(from, to);
            if order == Order::Falling {
                self.values[from..to].reverse();
                pivot = (to - 1) - (pivot - from);
                order = Order::Rising;
            }
            if balanced && partitioned && order == Order::Rising && self.insert_few(from, to) {
                return;
            }
            // What comes before is not less than the pivot: many are equal.
            if from > 0 && !self.less(from - 1, pivot) {
                from = self.skip_equal(from, to, pivot);
                continue;
            }
            let (middle, was_partitioned) = self.partition(from, to, pivot);
            partitioned = was_partitioned;
            let (left, right) = (middle - from, to - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.quick(from, middle, bad_pivots);
                from = middle + 1;
            } else {
                self.quick(middle + 1, to, bad_pivots);
                to = middle;
            }
        }
    }

    fn insert(&mut self, from: usize, to: usize) {
        for end in from + 1..to {
            let mut at = end;
            while at > from && self.less(at, at - 1) {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    /// Sorts a range in which few values are out of order; whether it is sorted now.
    fn insert_few(&mut self, from: usize, to: usize) -> bool {
        let mut at = from + 1;
        for _ in 0..SHIFTS {
            while at < to && !self.less(at, at - 1) {
                at += 1;
            }
            if at == to {
                return true;
            }
            if to - from < LONG {
                return false;
            }
            self.swap(at, at - 1);
            if at - from >= 2 {
                let mut down = at - 1;
                while down >= 1 && self.less(down, down - 1) {
                    self.swap(down, down - 1);
                    down -= 1;
                }
            }
            if to - at >= 2 {
                let mut up = at + 1;
                while up < to && self.less(up, up - 1) {
                    self.swap(up, up - 1);
                    up += 1;
                }
            }
        }
        false
    }

    /// Puts what is less than the pivot before it; where the pivot is then, and whether all was so before.
    fn partition(&mut self, from: usize, to: usize, pivot: usize) -> (usize, bool) {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        let mut swapped = false;
        loop {
            while low <= high && self.less(low, from) {
                low += 1;
            }
            while low <= high && !self.less(high, from) {
                high -= 1;
            }
            if low > high {
                self.swap(high, from);
                return (high, !swapped);
            }
            self.swap(low, high);
            swapped = true;
            low += 1;
            high -= 1;
        }
    }

    /// Puts what equals the pivot, than which nothing is less, first; where the rest begins.
    fn skip_equal(&mut self, from: usize, to: usize, pivot: usize) -> usize {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        loop {
            while low <= high && !self.less(from, low) {
                low += 1;
            }
            while low <= high && self.less(from, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    fn choose_pivot(&self, from: usize, to: usize) -> (usize, Order) {
        let quarter = (to - from) / 4;
        let [mut low, mut middle, mut high] = [1, 2, 3].map(|n| from + quarter * n);
        let mut swaps = 0;
        if to - from >= LONG {
            for place in [&mut low, &mut middle, &mut high] {
                *place = self.median([*place - 1, *place, *place + 1], &mut swaps);
            }
        }
        middle = self.median([low, middle, high], &mut swaps);
        let order = match swaps {
            0 => Order::Rising,
            ALL_SWAPPED => Order::Falling,
            _ => Order::Unknown,
        };
        (middle, order)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], swaps: &mut usize) -> usize {
        let mut in_order = |a: &mut usize, b: &mut usize| {
            if self.less(*b, *a) {
                *swaps += 1;
                std::mem::swap(a, b);
            }
        };
        in_order(&mut a, &mut b);
        in_order(&mut b, &mut c);
        in_order(&mut a, &mut b);
        b
    }

    /// Moves three values to places that depend on the length alone.
    fn break_patterns(&mut self, from: usize, to: usize) {
        let length = to - from;
        let mask = (1_usize << bit_length(length)) - 1;
        let mut random = length as u64;
        let middle = from + length / 4 * 2;
        for place in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = random as usize & mask;
            self.swap(place, from + if other >= length { other - length } else { other });
        }
    }

    fn heap(&mut self, from: usize, to: usize) {
        let length = to - from;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, from);
        }
        for end in (0..length).rev() {
            self.swap(from, from + end);
            self.sift_down(0, end, from);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, from: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(from + child, from + child + 1) {
                child += 1;
            }
            if !self.less(from + root, from + child) {
                return;
            }
            self.swap(from + root, from + child);
            root = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_equal_values_are_turned_round_where_they_are_called_less() {
        let mut values = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        sort(&mut values, |a, b| a.0 <= b.0);
        assert_eq!(values, [(1, 'd'), (1, 'b'), (2, 'c'), (2, 'a')]);
        sort(&mut values, |a, b| a.0 < b.0);
        assert_eq!(values, [(1, 'd'), (1, 'b'), (2, 'c'), (2, 'a')]);
    }

    #[test]
    fn many_values_are_sorted_in_whatever_order_they_come() {
        for length in [13, 49, 50, 64, 200, 1000] {
            let shapes: [fn(usize, usize) -> usize; 5] = [
                |n, _| n,
                |n, length| length - n,
                |n, _| n * 7919 % 101,
                |n, _| n % 2,
                |n, length| if n % 97 == 0 { length - n } else { n },
            ];
            for shape in shapes {
                let mut values: Vec<usize> = (0..length).map(|n| shape(n, length)).collect();
                let mut sorted = values.clone();
                sorted.sort_unstable();
                sort(&mut values, |a, b| a < b);
                assert_eq!(values, sorted);
                // A comparison that calls equal values less must do no harm.
                sort(&mut values, |a, b| a <= b);
            }
        }
    }

    #[test]
    fn the_heap_sorts() {
        let mut values: Vec<usize> = (0..100).map(|n| n * 37 % 100).collect();
        let length = values.len();
        Sorter { values: &mut values, less: |a, b| a < b }.heap(0, length);
        assert!(values.is_sorted());
    }
}
