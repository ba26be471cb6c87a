"""Compares two results of cachegrind.py: misses within 0.5 % or 100 lines (the driver's own lines differ between machines).

usage: same.py NEW.csv OLD.csv
"""

import csv
import sys


def read(path):
    with open(path) as file:
        rows = csv.DictReader(file)
        return {(row.pop("function"), row.pop("code")): {k: int(v) for k, v in row.items()} for row in rows}


def main():
    new, old = read(sys.argv[1]), read(sys.argv[2])
    different = 0 if new.keys() == old.keys() else 1
    for name in new.keys() & old.keys():
        for key in old[name]:
            a, b = new[name][key], old[name][key]
            if key != "instructions" and abs(a - b) > max(100, 0.005 * max(a, b)):
                print(f"{' '.join(name)} {key}: {a}, committed {b}")
                different += 1
    print(f"{len(new)} functions, {different} differences")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
