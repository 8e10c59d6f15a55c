package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * One rule of an ACL.
 *
 * @param origins the lines it comes from, at least one
 * @param pass or block
 * @param from who
 * @param ofPeer whether {@code from} is about who really connected, whatever a PROXY header says
 * @param entries what else it says, limits and hours
 */
record AclRule(
    List<Origin> origins, boolean pass, AddressSet from, boolean ofPeer, List<Entry> entries) {

  AclRule(List<Origin> origins, boolean pass, AddressSet from, List<Entry> entries) {
    this(origins, pass, from, false, entries);
  }
}
