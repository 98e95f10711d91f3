"""What do researchers do with a study: declare a survey round, bring its files, have it analysed, publish it?"""
