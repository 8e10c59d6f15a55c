package org.portbouncer.config;

import java.math.BigDecimal;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Nearest;

/**
 * Reads a number with a unit, exactly. Runs in the mother and in commands.
 *
 * @param what what is read, for messages: "a duration"
 * @param example one that is right
 * @param units how many base units each unit is, in the order to be shown
 * @param max the most base units there can be
 * @param maxText the same as text
 * @param meant the unit that another way of writing it stands for; null for none
 */
record Quantity(
    String what,
    String example,
    Map<String, BigDecimal> units,
    long max,
    String maxText,
    UnaryOperator<String> meant) {

  /**
   * The number of base units.
   *
   * @param bare the unit of a number without one; null when a unit is needed
   * @throws InvalidValueException for anything else than a whole number of base units
   */
  long parse(String text, String bare) {
    String stripped = text.strip();
    int end = 0;
    while (end < stripped.length() && isNumeric(stripped.charAt(end))) {
      end++;
    }
    String number = stripped.substring(0, end);
    String unit = stripped.substring(end).strip();
    if (!number.matches("[0-9]{1,18}([.][0-9]{1,9})?")) {
      throw new InvalidValueException("'" + text + "' is not " + what + " such as " + example);
    }
    BigDecimal value = new BigDecimal(number);
    if (unit.isEmpty() && bare == null && value.signum() != 0) {
      throw new InvalidValueException("'" + text + "' needs a unit, as in " + example);
    }
    BigDecimal factor = unit.isEmpty() ? units.get(bare) : units.get(unit);
    if (unit.isEmpty() && bare == null) {
      factor = BigDecimal.ONE;
    }
    if (factor == null) {
      throw new InvalidValueException(
          "'" + text + "' has the unknown unit '" + unit + "'" + hint(unit));
    }
    BigDecimal product = value.multiply(factor);
    if (product.compareTo(BigDecimal.valueOf(max)) > 0) {
      throw new InvalidValueException("'" + text + "' is too much; at most " + maxText);
    }
    if (product.stripTrailingZeros().scale() > 0) {
      throw new InvalidValueException("'" + text + "' is finer than " + what + " can be");
    }
    return product.longValueExact();
  }

  /** By the letters alone bits and bytes are near each other. */
  private String hint(String unit) {
    String other = meant.apply(unit);
    return units.containsKey(other)
        ? ", did you mean '" + other + "'?"
        : Nearest.hint(unit, units.keySet());
  }

  private static boolean isNumeric(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }
}
