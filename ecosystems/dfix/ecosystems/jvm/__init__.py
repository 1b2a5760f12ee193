"""The JVM: what Java, Kotlin and Scala projects need, whichever tool builds them."""
