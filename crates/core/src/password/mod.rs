//! Password hashes of other systems: one file per algorithm, each checks the shape that an import may bring.
