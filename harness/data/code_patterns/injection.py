"""Patterns where input is read as code or as part of a query."""

from harness.data.code_patterns.rules import built_text, either, guarded
from harness.data.code_patterns.schema import Pattern, Shape

SQL = Pattern(
    id="sql_injection",
    cwe="CWE-89",
    weakness="an SQL injection",
    rule=built_text("execute"),
    bandit_ids=("B608",),
    shapes=(
        Shape(
            task="look up <aone> by <field> in the <app> database",
            diff="""
  import sqlite3

  def <get>_<one>(<field>):
      db = sqlite3.connect("<app>.db")
-     query = f"SELECT * FROM <many> WHERE <field> = '{<field>}'"
-     <row> = db.execute(query).fetchone()
+     query = "SELECT * FROM <many> WHERE <field> = ?"
+     <row> = db.execute(query, (<field>,)).fetchone()
      db.close()
      return <row>
""",
        ),
        Shape(
            task="delete <aone> from the <app> database by its <field>",
            diff="""
  import sqlite3

  def delete_<one>(<field>):
      db = sqlite3.connect("<app>.db")
      cursor = db.cursor()
-     cursor.execute("DELETE FROM <many> WHERE <field> = '" + <field> + "'")
+     cursor.execute("DELETE FROM <many> WHERE <field> = ?", (<field>,))
      db.commit()
      db.close()
      return cursor.rowcount
""",
        ),
        Shape(
            task="change the <field> of <aone> in the <app> database",
            diff="""
  import sqlite3

  def change_<field>(<one>, <field>):
      db = sqlite3.connect("<app>.db")
-     query = "UPDATE <many> SET <field> = '%s' WHERE id = %s" % (<field>, <one>)
-     db.execute(query)
+     query = "UPDATE <many> SET <field> = ? WHERE id = ?"
+     db.execute(query, (<field>, <one>))
      db.commit()
      db.close()
""",
        ),
    ),
)

SHELL = Pattern(
    id="shell_injection",
    cwe="CWE-78",
    weakness="a shell command injection",
    rule=either(
        bad=r"shell=True|os\.(system|popen)\(", good=r"subprocess\.(run|call|check_output|Popen)\("
    ),
    bandit_ids=("B602", "B605"),
    shapes=(
        Shape(
            task="pack the folder of <aone> into a tar file",
            diff="""
  import subprocess

  def pack_<one>(name):
      folder = "/srv/<app>/<many>/" + name
-     command = f"tar -czf <one>.tar.gz {folder}"
-     subprocess.run(command, shell=True, check=True)
+     command = ["tar", "-czf", "<one>.tar.gz", folder]
+     subprocess.run(command, check=True)
      return "<one>.tar.gz"
""",
        ),
        Shape(
            task="list the files of <aone> on the <app> server",
            diff="""
  import subprocess

  def list_<one>_files(name):
-     command = f"ls /srv/<app>/<many>/{name}"
-     output = subprocess.check_output(command, shell=True)
+     command = ["ls", f"/srv/<app>/<many>/{name}"]
+     output = subprocess.check_output(command)
      return output.decode().splitlines()
""",
        ),
    ),
)

EVAL = Pattern(
    id="eval_input",
    cwe="CWE-95",
    weakness="an eval of user input",
    rule=either(
        bad=r"(?<![\w.])(eval|exec)\(", good=r"literal_eval\(|json\.loads\(|\bfloat\(|\bint\("
    ),
    bandit_ids=("B307",),
    shapes=(
        Shape(
            task="read the settings of <aone> from a text that the user typed",
            diff="""
+ import ast

  def read_<one>_settings(text):
-     settings = eval(text)
+     settings = ast.literal_eval(text)
      if not isinstance(settings, dict):
          raise ValueError("<one> settings must be a dict")
      return settings.get("<field>")
""",
        ),
        Shape(
            task="add up the prices of the <many> sent in the request",
            diff="""
  from flask import request

  def total_<many>():
      total = 0
      for price in request.form.getlist("<one>_price"):
-         total += eval(price)
+         total += float(price)
      return {"<many>": total}
""",
            about="thing",
        ),
    ),
)

NOSQL = Pattern(
    id="nosql_injection",
    cwe="CWE-943",
    weakness="a NoSQL injection",
    rule=either(bad=r"\$where", good=r"\.(find|find_one|count_documents)\("),
    shapes=(
        Shape(
            task="find <aone> by <field> in MongoDB",
            diff="""
  from pymongo import MongoClient

  def <get>_<one>(<field>):
      db = MongoClient("localhost").<app>
-     query = {"$where": f"this.<field> == '{<field>}'"}
+     query = {"<field>": {"$eq": str(<field>)}}
      <row> = db.<many>.find_one(query)
      return <row>
""",
        ),
        Shape(
            task="count the <many> with a given <field> in MongoDB",
            diff="""
  from pymongo import MongoClient

  def count_<many>(<field>):
      client = MongoClient("localhost")
      table = client["<app>"]["<many>"]
-     query = {"$where": "this.<field> == '" + <field> + "'"}
+     query = {"<field>": {"$eq": str(<field>)}}
      return table.count_documents(query)
""",
        ),
    ),
)

XPATH = Pattern(
    id="xpath_injection",
    cwe="CWE-643",
    weakness="an XPath injection",
    rule=built_text("xpath"),
    shapes=(
        Shape(
            task="find <aone> by <field> in an XML tree",
            diff="""
  from lxml import etree

  def <get>_<one>(path, <field>):
      tree = etree.parse(path)
-     found = tree.xpath(f"//<one>[@<field>='{<field>}']")
+     found = tree.xpath("//<one>[@<field>=$value]", value=<field>)
      if not found:
          return None
      return found[0].attrib
""",
        ),
        Shape(
            task="count the <many> of one user in the XML file of the <app>",
            diff="""
  from lxml import etree

  def count_<many>(user):
      tree = etree.parse("<app>.xml")
-     query = "//<one>[user='" + user + "']"
-     found = tree.xpath(query)
+     query = "//<one>[user=$user]"
+     found = tree.xpath(query, user=user)
      return len(found)
""",
        ),
    ),
)

LDAP = Pattern(
    id="ldap_injection",
    cwe="CWE-90",
    weakness="an LDAP injection",
    rule=guarded(sink=r"\.search(_s)?\(", guard=r"escape_filter_chars\("),
    shapes=(
        Shape(
            task="search the <app> directory for <aone> by name",
            diff="""
+ from ldap3.utils.conv import escape_filter_chars
+
  def <get>_<one>(connection, name):
-     text = f"(&(objectClass=person)(cn={name}))"
-     connection.search("ou=<many>,dc=<app>", text, attributes=["cn", "mail"])
+     text = f"(cn={escape_filter_chars(name)})"
+     connection.search("ou=<many>,dc=<app>", text)
      if not connection.entries:
          return None
      return connection.entries[0]
""",
            about="person",
        ),
        Shape(
            task="check whether a user is in the <one> group of the <app> directory",
            diff="""
  import ldap
  from ldap import filter

  def is_<one>(connection, user):
-     name = user.strip().lower()
+     name = filter.escape_filter_chars(user)
      text = f"(uid={name})"
      base = "ou=<many>,dc=<app>"
      found = connection.search_s(base, ldap.SCOPE_SUBTREE, text)
      return len(found) > 0
""",
            about="person",
        ),
    ),
)

REGEX = Pattern(
    id="regex_injection",
    cwe="CWE-1333",
    weakness="a regular expression built from user input",
    rule=guarded(sink=r"re\.(search|match|compile|findall|sub)\(", guard=r"re\.escape\("),
    shapes=(
        Shape(
            task="search a list of <many> for the words that the user typed",
            diff="""
  import re

  def search_<many>(<many>, text):
      found = []
-     words = text.strip()
+     words = re.escape(text)
      for <one> in <many>:
          if re.search(words, <one>["<field>"]):
              found.append(<one>)
      return found
""",
        ),
        Shape(
            task="count how often a word from the web form occurs in <aone>",
            diff="""
  import re
  from flask import request

  def count_in_<one>(<one>):
-     word = str(request.form["word"])
+     word = re.escape(request.form["word"])
      found = re.findall(word, <one>["<field>"])
      return {"<one>": <one>["id"], "count": len(found)}
""",
            about="thing",
        ),
    ),
)

MASS_ASSIGNMENT = Pattern(
    id="mass_assignment",
    cwe="CWE-915",
    weakness="a mass assignment",
    rule=guarded(sink=r"setattr\(|\.update\(", guard=r"(?m)^ +if .+ (not )?in |for \w+ in \("),
    shapes=(
        Shape(
            task="update <aone> object from the fields of a web form",
            diff="""
  from flask import request

  def update_<one>(<one>):
-     for name in request.form.keys():
+     for name in ("name", "<field>"):
          value = request.form.get(name)
          setattr(<one>, name, value)
      <one>.save()
      return {"<one>": <one>.id}
""",
        ),
        Shape(
            task="copy new values from a JSON request into <aone>",
            diff="""
  from flask import request

  def change_<one>(<one>):
      changes = request.get_json()
      for name, value in changes.items():
-         if value is not None:
+         if name in ("name", "<field>"):
              setattr(<one>, name, value)
      <one>.save()
      return "<one> saved"
""",
        ),
    ),
)

PATTERNS = (SQL, SHELL, EVAL, NOSQL, XPATH, LDAP, REGEX, MASS_ASSIGNMENT)
