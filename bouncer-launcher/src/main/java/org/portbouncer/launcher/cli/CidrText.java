package org.portbouncer.launcher.cli;

import org.portbouncer.launcher.admin.Cidr;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Refuses what is not a network before a server is asked; passes it on as it was written. */
final class CidrText implements ITypeConverter<String> {

  @Override
  public String convert(String value) {
    try {
      Cidr.parse(value);
      return value;
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
